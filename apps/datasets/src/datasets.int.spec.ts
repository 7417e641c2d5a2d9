import { randomUUID } from 'node:crypto';
import { eventually } from '#platform/testing/eventually.js';
import type { NewEvent } from '#ledger/ledger.js';
import type { Caller } from '#bus/contract.js';
import {
  ChangeDataset,
  type ChangeDatasetRequest,
  GetConfig,
  GetDataset,
  AuthorizeAccess,
  ListDatasets,
  type ListDatasetsRequest,
  PutConfig,
  SubmitDataset,
  type SubmitDatasetRequest,
  SummarizeDatasets,
} from '#contracts/iceprod/datasets.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { DatasetsModule } from './datasets.module.js';

const user = (username: string, ...groups: readonly string[]): Caller => ({
  subject: username,
  username,
  roles: ['user'],
  groups: ['users', ...groups],
});
const alice = user('alice', 'simprod');
const bob = user('bob');
const system: Caller = { subject: 'grid', username: 'iceprod-system', roles: ['system'], groups: [] };

const request: SubmitDatasetRequest = {
  description: 'muon gun',
  jobs_submitted: 10,
  tasks_submitted: 30,
  tasks_per_job: 3,
  group: 'simprod',
};

let host: ServiceHost;
beforeEach(async () => {
  host = new ServiceHost(DatasetsModule, { DATASET_NUMBER_START: '20000' });
  await host.start();
});
afterEach(() => host.end());

const submit = async (fields: Partial<SubmitDatasetRequest> = {}, caller = alice): Promise<string> =>
  (await host.request(SubmitDataset, { ...request, ...fields }, caller)).dataset_id;
const get = async (id: string, caller = alice): Promise<Record<string, unknown>> =>
  JSON.parse((await host.request(GetDataset, { dataset_id: id }, caller)).document) as Record<string, unknown>;
const change = (fields: ChangeDatasetRequest, caller = alice) => host.request(ChangeDataset, fields, caller);

const list = async (fields: ListDatasetsRequest = {}, caller = alice): Promise<Record<string, { dataset: number }>> => {
  const entries: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await host.request(ListDatasets, { ...fields, ...(cursor !== undefined && { cursor }) }, caller);
    entries.push(...page.entries);
    cursor = page.next;
  } while (cursor !== undefined);
  return JSON.parse(`{${entries.join(',')}}`) as Record<string, { dataset: number }>;
};
const summary = async (caller = alice): Promise<string> => (await host.request(SummarizeDatasets, {}, caller)).document;

const refusal = async (outcome: Promise<unknown>): Promise<string> =>
  outcome.then(
    () => 'accepted',
    (error: unknown) => {
      const { kind, message } = error as { kind?: string; message: string };
      return `${kind ?? 'no refusal'}: ${message}`;
    },
  );

describe('datasets', () => {
  it('are shown as soon as they are submitted', async () => {
    const id = await submit();
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    const document = await get(id);
    expect(document).toMatchObject({ dataset_id: id, dataset: 20000, username: 'alice', status: 'processing' });
    expect(document['start_date']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
    expect(Object.keys(await list())).toEqual([id]);
    expect(await summary()).toBe(JSON.stringify({ processing: [id] }));
  });

  it('have numbers that count up, also after a restart, and refused ones consume none', async () => {
    await submit();
    expect(await refusal(submit({ group: 'nobody' }))).toBe('invalid: invalid group');
    await host.stop();
    await host.start();
    await Promise.all([submit(), submit(), submit()]);
    expect(Object.values(await list()).map(({ dataset }) => dataset)).toEqual([20000, 20001, 20002, 20003]);
  });

  it('are submitted once, however often the command is repeated', async () => {
    const commandId = randomUUID();
    const send = () => host.request(SubmitDataset, request, alice, commandId);
    const replies = [...(await Promise.all([send(), send()])), await send()];
    expect(new Set(replies.map(({ dataset_id: id }) => id)).size).toBe(1);
    await submit();
    expect(Object.values(await list()).map(({ dataset }) => dataset)).toEqual([20000, 20001]);
  });

  it('are judged by their rule: no rule is forbidden to users and unknown to system', async () => {
    const id = await submit({ auth_groups_read: [] });
    expect(await refusal(get(id, bob))).toBe('forbidden: authorization failed');
    expect(await refusal(get('unknown', bob))).toBe('forbidden: attr not found');
    expect(await refusal(get('unknown', system))).toBe('not-found: Dataset not found');
    expect(await refusal(change({ dataset_id: id, change: 'status', status: 'bad' }, bob))).toBe(
      'forbidden: authorization failed',
    );
    expect(await refusal(change({ dataset_id: 'unknown', change: 'truncate' }, system))).toBe(
      'not-found: Dataset not found',
    );
    expect(await refusal(host.request(AuthorizeAccess, { dataset_id: id, action: 'write' }, bob))).toBe(
      'forbidden: authorization failed',
    );
    expect(await host.request(AuthorizeAccess, { dataset_id: id, action: 'write' }, alice)).toEqual({});
    expect(await list({}, bob)).toEqual({});
    expect(await summary(bob)).toBe('{}');
  });

  it('change', async () => {
    const id = await submit();
    await change({ dataset_id: id, change: 'status', status: 'suspended' });
    await change({ dataset_id: id, change: 'description', description: 'new "text"' });
    await change({ dataset_id: id, change: 'priority', priority: 0.25 });
    await change({ dataset_id: id, change: 'jobs_submitted', jobs_submitted: 12 });
    await change({ dataset_id: id, change: 'truncate' });
    expect(await get(id)).toMatchObject({
      status: 'suspended',
      description: 'new "text"',
      priority: 0.25,
      jobs_submitted: 12,
      tasks_submitted: 36,
      truncated: true,
    });
    expect(await refusal(change({ dataset_id: id, change: 'status', status: 'complete' }))).toBe(
      'state: Bad state transition for status',
    );
    await change({ dataset_id: id, change: 'hard_reset' });
    expect(await summary()).toBe(JSON.stringify({ processing: [id] }));
  });

  it('are listed by status, flag, group and user, with the keys that were asked for', async () => {
    const first = await submit({ status: 'complete' });
    const second = await submit({ group: 'filtering' }, user('carol', 'filtering'));
    const third = await submit({});
    await change({ dataset_id: third, change: 'truncate' });
    const ids = async (fields: ListDatasetsRequest) => Object.keys(await list(fields, system));
    expect(await ids({ statuses: ['complete'] })).toEqual([first]);
    expect(await ids({ statuses: ['truncated', 'complete'] })).toEqual([first, third]);
    expect(await ids({ statuses: ['processing'], groups: ['filtering', 'users'] })).toEqual([second]);
    expect(await ids({ users: ['alice'] })).toEqual([first, third]);
    expect(await refusal(list({ statuses: ['complete', ''] }))).toBe('invalid: unknown status');
    expect(await list({ users: ['carol'], keys: ['dataset', 'nonsense'] })).toEqual({
      [second]: { dataset_id: second, dataset: 20001 },
    });
  });

  it('are listed in pages, each once', async () => {
    const ids = await Promise.all(Array.from({ length: 510 }, () => submit()));
    const long = await submit({ description: 'x'.repeat(100_000) });
    for (let more = 0; more < 3; more++) await submit({ description: 'y'.repeat(100_000) });
    const page = await host.request(ListDatasets, {}, system);
    expect(page.next).toBeDefined();
    expect(page.entries.length).toBeLessThan(514);
    const all = Object.keys(await list());
    expect(all).toHaveLength(514);
    expect(new Set(all.slice(0, 510))).toEqual(new Set(ids));
    expect(all[510]).toBe(long);
  });
});

const task = { name: 'generate', trays: [{ modules: [{ src: 'run.py' }] }] };
const put = (id: string, config: string, caller = alice) => host.request(PutConfig, { dataset_id: id, config }, caller);
const config = async (id: string, caller = alice): Promise<string> =>
  (await host.request(GetConfig, { dataset_id: id }, caller)).document;

describe('configs', () => {
  const text = `{"version": 3.2, "tasks": [${JSON.stringify(task)}], "steering": {"parameters": {"b": 1.0, "a": 12345678901234567890}}}`;

  it('come back to the letter, and are replaced as a whole', async () => {
    const id = await submit();
    expect(await refusal(config(id))).toBe('not-found: Config not found');
    await put(id, text);
    expect(await config(id)).toBe(text);
    await put(id, '{"version": 3, "tasks": [{}]}');
    expect(await config(id)).toBe('{"version": 3, "tasks": [{}]}');
  });

  it('of any size survive, also a rebuild', async () => {
    const id = await submit();
    const large = text.replace('"b": 1.0', `"b": 1.0, "text": "${'ä"'.replace('"', '\\"').repeat(400_000)}"`);
    await put(id, large);
    expect(await config(id)).toBe(large);
    await host.rebuild();
    expect(await config(id)).toBe(large);
  });

  it('need no dataset for system', async () => {
    await put('bar', text, system);
    expect(await config('bar', system)).toBe(text);
    expect(await refusal(config('bar'))).toBe('forbidden: attr not found');
  });

  it('are judged before they are validated', async () => {
    const id = await submit();
    expect(await refusal(put(id, '{}', bob))).toBe('forbidden: authorization failed');
    expect(await refusal(put(id, '{"version": 3.2}'))).toBe(
      "invalid: Validation error in config: 'tasks' is a required property",
    );
    expect(await refusal(put(id, '{"dataset_id": "other"}'))).toBe('invalid: dataset_id mismatch');
  });
});

it('shows the same from a rebuild as it showed live, rules that were set elsewhere included', async () => {
  const ids = [await submit(), await submit({ group: 'users', status: 'suspended' }), await submit()];
  const [first = '', second = ''] = ids;
  const ruleSet: NewEvent = {
    id: randomUUID(),
    type: 'AccessRuleSet',
    data: { read_groups: [], write_groups: [] },
    metadata: {
      timeMicros: 1,
      actor: 'root',
      dialect: 'iceprod',
      correlationId: 'c',
      causationId: 'c',
      schemaVersion: 1,
    },
  };
  await host.ledger.append(`access-iceprod.main.${second}`, -1, [ruleSet]);
  await change({ dataset_id: first, change: 'status', status: 'errors' });
  await put(first, '{"version": 3, "tasks": [{}]}');
  // A command's answer shows everything before it only in its own streams: the rule arrives by subscription.
  await eventually(() => refusal(get(second, bob)), 'forbidden: authorization failed');

  const answers = async () => ({
    documents: await Promise.all(ids.map((id) => host.request(GetDataset, { dataset_id: id }, system))),
    list: (await host.request(ListDatasets, {}, alice)).entries,
    foreign: (await host.request(ListDatasets, {}, bob)).entries,
    summary: await summary(),
    config: await config(first),
  });
  const live = await answers();
  await host.rebuild();
  expect(await answers()).toEqual(live);
  expect((await get(await submit()))['dataset']).toBe(20003);
});
