import { DatabaseSync } from 'node:sqlite';
import { ref, streamName, type StreamCategory } from '#ledger/ref.js';
import type { Caller } from '#bus/contract.js';
import { AccessRules, accessRulesProjection } from './access-rules.js';
import type { AppliedEvent } from './projection.js';

const event = (category: StreamCategory, id: string, type: string, data: Record<string, unknown>): AppliedEvent => ({
  stream: streamName(category, ref('iceprod', 'main', id)),
  revision: 0,
  id: 'event',
  type,
  data,
  metadata: { timeMicros: 0, actor: 'x', dialect: 'iceprod', correlationId: 'c', causationId: 'c', schemaVersion: 1 },
});
const RULE = {
  read_groups: ['admin', 'simprod', 'users'],
  write_groups: ['admin', 'simprod'],
  read_users: ['alice'],
  write_users: ['alice'],
};
const submitted = (id: string): AppliedEvent => event('workload', id, 'WorkloadSubmitted', { access: RULE });
const ruleSet = (id: string, data: Record<string, unknown>): AppliedEvent => event('access', id, 'AccessRuleSet', data);

const rulesAfter = (...events: readonly AppliedEvent[]): AccessRules => {
  const database = new DatabaseSync(':memory:');
  database.exec(accessRulesProjection.tables);
  const writer = accessRulesProjection.attach(database);
  for (const one of events) void writer.apply(one);
  return new AccessRules(database, 'iceprod');
};
const caller = (fields: Partial<Caller>): Caller => ({
  subject: 's',
  username: 'nobody',
  roles: ['user'],
  groups: [],
  ...fields,
});

describe('access rules', () => {
  it('start with the rule of the submission', () => {
    expect(rulesAfter(submitted('d')).ruleOf('d')).toEqual(RULE);
  });

  it('keep user lists that a change leaves out, whichever stream arrives first', () => {
    const change = ruleSet('d', { read_groups: ['filtering'], write_groups: [] });
    const expected = {
      read_groups: ['filtering'],
      write_groups: [],
      read_users: ['alice'],
      write_users: ['alice'],
    };
    expect(rulesAfter(submitted('d'), change).ruleOf('d')).toEqual(expected);
    expect(rulesAfter(change, submitted('d')).ruleOf('d')).toEqual(expected);
  });

  it('exist without a dataset', () => {
    expect(rulesAfter(ruleSet('foo', { read_groups: ['users'], write_groups: [] })).ruleOf('foo')).toEqual({
      read_groups: ['users'],
      write_groups: [],
    });
  });

  it('apply to ids that a stream name holds only in escaped form', () => {
    const id = 'a/b '.repeat(100);
    expect(rulesAfter(submitted(id)).ruleOf(id)).toBeDefined();
    expect(rulesAfter(submitted(id)).ruleOf(`${id}x`)).toBeUndefined();
  });

  it('judge by group, by user, and let bypassing roles through', () => {
    const rules = rulesAfter(submitted('d'));
    expect(rules.authorize('d', 'read', caller({ groups: ['users'] }))).toBeUndefined();
    expect(rules.authorize('d', 'write', caller({ groups: ['users'] }))?.message).toBe('authorization failed');
    expect(rules.authorize('d', 'write', caller({ username: 'alice' }))).toBeUndefined();
    expect(rules.authorize('unknown', 'read', caller({ groups: ['users'] }))?.message).toBe('attr not found');
    expect(rules.authorize('unknown', 'read', caller({ roles: ['system'] }))).toBeUndefined();
  });
});
