import type { DatabaseSync } from 'node:sqlite';
import { DomainError } from '#platform/domain-error.js';
import { streamName } from '#ledger/ref.js';
import type { Caller } from '#bus/contract.js';
import { type AccessRule, authorizeByRule, isLimiting, isPrivileged } from '#contracts/access.js';
import type { WorkflowAccess } from '#contracts/torc/workflow-access.js';
import type { WorkflowRequest } from '#contracts/torc/workflows.js';
import { AccessRules } from '#event-sourcing/access-rules.js';
import { type ArrayStatement, arrayStatement } from '#event-sourcing/array-statement.js';
import type { Decision } from '#event-sourcing/command.js';
import { perConnection } from '#event-sourcing/per-connection.js';
import { workloadRef } from '../../workload/workloads.js';
import { TORC } from '../streams.js';
import { torcErrors } from '../torc-errors.js';
import type { TorcView } from '../view.js';

/** Torc knows one kind of access. */
const lets = (rule: AccessRule, caller: Caller): boolean =>
  isPrivileged(caller) ||
  !isLimiting(rule) ||
  authorizeByRule(rule, 'write', caller.username, caller.groups) === undefined;

const NAMES_MAX = 1_000;
const NAME_CHARACTERS_MAX = 250;

const refused = (key: string, { username }: Caller): DomainError =>
  new DomainError('forbidden', 'torc.access-denied', `workflow ${key} is not shared with ${username}`);

/** Who may use which workflow, through one connection: everyone, unless a rule limits it. */
export class WorkflowRules {
  private readonly rules: AccessRules;
  private readonly selectRules: ArrayStatement<readonly [number: number, rule: string]>;

  /** @param commits see {@link AccessRules} */
  constructor(database: DatabaseSync, commits?: () => number) {
    this.rules = new AccessRules(database, TORC, commits);
    this.selectRules = arrayStatement(
      database,
      `SELECT number, rule FROM access_rules JOIN workload USING (ref) JOIN torc_workflow ON workload = workload.id
       WHERE ref BETWEEN '${TORC}.' AND '${TORC}/' AND is_deleted = 0`,
    );
  }

  accessTo(key: string): WorkflowAccess {
    const { write_users: users = [], write_groups: groups = [] } = this.rules.ruleOf(key) ?? {};
    return { users, groups };
  }

  refusal(key: string, caller: Caller): DomainError | undefined {
    const rule = this.rules.ruleOf(key);
    return rule === undefined || lets(rule, caller) ? undefined : refused(key, caller);
  }

  /** Numbers of the workflows that a caller may not use. */
  hiddenFrom(caller: Caller): ReadonlySet<number> {
    const hidden = new Set<number>();
    if (isPrivileged(caller)) return hidden;
    // Many workflows share few rules: each text is parsed once.
    const known = new Map<string, boolean>();
    for (const [number, text] of this.selectRules.iterate()) {
      let isAllowed = known.get(text);
      if (isAllowed === undefined) known.set(text, (isAllowed = lets(JSON.parse(text) as AccessRule, caller)));
      if (!isAllowed) hidden.add(number);
    }
    return hidden;
  }
}

export const workflowRulesOn = perConnection((database) => new WorkflowRules(database));

/** Says who may use a workflow: everyone, when no user and no group is named. */
export const setWorkflowAccess = (
  view: Pick<TorcView, 'workflow'>,
  { workflow: key, users: given, groups }: WorkflowRequest & WorkflowAccess,
  caller: Caller,
): Decision<WorkflowAccess> => {
  if (view.workflow(key) === undefined) return torcErrors.noWorkflow(key);
  if (given.length + groups.length > NAMES_MAX) {
    return torcErrors.bad(`users and groups may be at most ${NAMES_MAX} together`);
  }
  if ([...given, ...groups].some(({ length }) => length > NAME_CHARACTERS_MAX)) {
    return torcErrors.bad(`the name of a user or group may have at most ${NAME_CHARACTERS_MAX} characters`);
  }
  const isForEveryone = given.length + groups.length === 0;
  const isMember = isPrivileged(caller) || groups.some((group) => caller.groups.includes(group));
  const users = isForEveryone || isMember ? given : [...new Set([...given, caller.username])];
  const data: AccessRule = { read_groups: groups, write_groups: groups, read_users: users, write_users: users };
  const stream = streamName('access', workloadRef(TORC, key));
  return { events: [{ stream, type: 'AccessRuleSet', data }], reply: { users, groups } };
};
