import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EventMetadata, type NewEvent, NO_STREAM } from '#ledger/ledger.js';
import { SqliteLedger } from '#ledger/sqlite-ledger.js';
import { appendStaged } from '#ledger/staged-batch.js';
import type { Caller } from '#bus/contract.js';
import type { TimelineRequest } from '#contracts/cairn/timelines.js';
import { idAt } from '#contracts/ids.js';
import type { Ranges, UnitsAdded } from '#contracts/work-events.js';
import { accessRulesProjection } from '#event-sourcing/access-rules.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { EventAccess } from '../access/event-access.js';
import { resolveFilter } from '../index/history-filter.js';
import { HistoryIndex } from '../index/history-index.js';
import { Timelines } from './timelines.js';

const WORK = 'work-iceprod.main.a';
const WORKLOAD = 'workload-iceprod.main.a';
const ACCESS = 'access-iceprod.main.a';
const COMMAND = randomUUID();
const REQUEST = 'request';

const ADMIN: Caller = { subject: 'root', username: 'root', roles: ['admin'], groups: [] };
const user = (username: string): Caller => ({ subject: username, username, roles: ['user'], groups: [] });

const event = (type: string, data: object, metadata: Partial<EventMetadata> = {}): NewEvent => ({
  id: randomUUID(),
  type,
  data,
  metadata: {
    timeMicros: 1_700_000_000_000_001,
    actor: 'alice',
    dialect: 'iceprod',
    correlationId: REQUEST,
    causationId: COMMAND,
    schemaVersion: 1,
    ...metadata,
  },
});

const moved = (units: Ranges, status = 'waiting'): NewEvent => event('UnitsMoved', { units, status });

const added: UnitsAdded = {
  units: [[10, 15]],
  workload_id: 'a',
  prefix: 'f'.repeat(24),
  group_ids: { prefix: 'e'.repeat(24), first: 5, first_index: 100 },
  shapes: [
    { name: 'generate', depends: [], requirements: '{"memory":1.0}', status: 'idle', priority: 0.5 },
    { name: 'filter', depends: [0], requirements: '{}', status: 'idle', priority: 0.5 },
  ],
};

const rule = { read_groups: [], write_groups: [], read_users: ['bob'], write_users: ['bob'] };
const submitted = event('WorkloadSubmitted', {
  workload_id: 'a',
  status: 'processing',
  priority: 0.5,
  access: rule,
  submitter: 'bob',
});

interface Entry {
  readonly sequence: string;
  readonly event: string;
  readonly sentence: string;
  readonly why: readonly Record<string, unknown>[];
  readonly changes: Readonly<Record<string, unknown>>;
  readonly data: Readonly<Record<string, unknown>>;
}

describe('Timelines', () => {
  let folder: string;
  let ledger: SqliteLedger;
  let readModel: ReadModel;
  let index: HistoryIndex;
  let timelines: Timelines;

  const append = async (stream: string, ...events: NewEvent[]): Promise<void> => {
    const [last] = await ledger.readStream(stream, { direction: 'backwards', limit: 1 });
    await ledger.append(stream, last?.revision ?? NO_STREAM, events);
  };
  const unit = (ordinal: number): TimelineRequest => ({ kind: 'unit', id: 'none', home: { stream: WORK, ordinal } });
  const openTimelines = (): Timelines => new Timelines(index, new EventAccess(readModel), ledger);

  /** All entries, page by page; with `forget`, no page can use what the page before has left. */
  const told = async (request: TimelineRequest, caller = ADMIN, { forget = false } = {}): Promise<readonly Entry[]> => {
    const entries: Entry[] = [];
    let cursor: string | undefined;
    do {
      if (forget) timelines = openTimelines();
      const page = await timelines.page({ ...request, ...(cursor !== undefined && { cursor }) }, caller);
      for (const entry of page.entries) entries.push(JSON.parse(entry) as Entry);
      cursor = page.next;
    } while (cursor !== undefined);
    return entries;
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cairn-timelines-'));
    ledger = await SqliteLedger.open(join(folder, 'ledger.sqlite'));
    readModel = await ReadModel.open({
      file: join(folder, 'events.sqlite'),
      ledger,
      projections: [accessRulesProjection],
    });
    readModel.start();
    index = await HistoryIndex.open({ file: join(folder, 'history.sqlite'), ledger });
    await Promise.all([index.caughtUp(), readModel.caughtUp()]);
    timelines = openTimelines();
  });

  afterEach(async () => {
    await Promise.all([index.close(), readModel.close()]);
    await ledger.close();
    rmSync(folder, { recursive: true });
  });

  describe('of a unit', () => {
    it('say what happened, when, by whom and why, with documents as they were written', async () => {
      const failed = event('UnitFailed', { units: [[3, 3]], status: 'reset', hours: 1.5, resources: '{"disk":1.0}' });
      await append(WORK, failed);
      expect(await timelines.page(unit(3), ADMIN)).toEqual({
        entries: [
          `{"position":1,"sequence":"1","id":"${failed.id}","time":"2023-11-14T22:13:20.000001Z","actor":"alice","event":"UnitFailed",` +
            `"sentence":"alice reported that the task failed after 1.5 h, now reset.","cause":"${COMMAND}","request":"request","why":[],` +
            '"changes":{"status":{"after":"reset"},"instance_id":{"after":""},"failures":{"after":1},"walltime_err":{"after":1.5},"walltime_err_n":{"after":1}},' +
            '"data":{"status":"reset","hours":1.5,"resources":{"disk":1.0}}}',
        ],
      });
    });

    it('show its part of an event that added many', async () => {
      await append(WORK, event('UnitsAdded', added));
      const [entry] = await told(unit(13));
      expect(entry).toMatchObject({
        event: 'UnitsAdded',
        changes: { job_index: { after: 101 }, requirements: { after: {} } },
      });
      expect(entry?.data).toEqual({
        workload_id: 'a',
        unit_id: idAt(added.prefix, 3),
        group_id: idAt('e'.repeat(24), 6),
        group_index: 101,
        index: 1,
        name: 'filter',
        depends: [idAt(added.prefix, 2)],
        requirements: {},
        status: 'idle',
        priority: 0.5,
      });
      await expect(told(unit(16))).rejects.toMatchObject({ kind: 'not-found' });
      expect(await told({ kind: 'unit', id: idAt(added.prefix, 3) })).toEqual([entry]);
    });

    it('find events of one unit, of few and of very many, oldest first, and no others', async () => {
      await append(
        WORK,
        moved([[7, 7]], 'one'),
        moved([[0, 999]], 'many'),
        moved([[8, 8]], 'other'),
        moved([[5, 6], [8, 9]], 'gap'), // prettier-ignore
        moved([[0, 5], [8, 999]], 'wide gap'), // prettier-ignore
        moved([[6, 8]], 'few'),
      );
      expect((await told(unit(7))).map(({ data, changes }) => [data['status'], changes['status']])).toEqual([
        ['one', { after: 'one' }],
        ['many', { before: 'one', after: 'many' }],
        ['few', { before: 'many', after: 'few' }],
      ]);
    });

    it.each([false, true])('page without losing or repeating, also when a page starts anew: %s', async (forget) => {
      const statuses = Array.from({ length: 60 }, (_, at) => `status-${at}`);
      await append(WORK, ...statuses.map((status, at) => moved(at % 3 === 0 ? [[0, 99]] : [[4, 4]], status)));
      const entries = await told({ ...unit(4), limit: 7 }, ADMIN, { forget });
      expect(entries.map(({ data }) => data['status'])).toEqual(statuses);
      expect(entries.map(({ changes }) => changes['status'])).toEqual(
        statuses.map((after, at) => ({ ...(at > 0 && { before: statuses[at - 1] }), after })),
      );
      const behind = await told({ ...unit(4), cursor: entries[57]?.sequence ?? '' });
      expect(behind).toEqual(entries.slice(58));
    });

    it('take effect where their batch was sealed, and never if it was not', async () => {
      await append(WORK, moved([[4, 4]], 'before'));
      const batch = [moved([[4, 4]], 'first'), moved([[5, 5]], 'other'), moved([[4, 4]], 'third')];
      await appendStaged(ledger, WORK, 0, batch, randomUUID());
      await append(WORK, {
        ...moved([[4, 4]], 'torn'),
        metadata: { ...moved([]).metadata, batch: { id: 'b', part: 0 } },
      });
      const entries = await told(unit(4));
      expect(entries.map(({ data, sequence }) => [data['status'], sequence])).toEqual([
        ['before', '1'],
        ['first', '5.1'],
        ['third', '5.3'],
      ]);
    });

    it('name the run that a change of many units ended', async () => {
      const claimed = (units: Ranges, lease_id: string) =>
        event('UnitsClaimed', { units, status: 'queued', lease_id, site: 'UW' });
      const suspended = event('UnitsMoved', { units: [[0, 9]], status: 'suspended', clears: ['lease'] });
      const again = { ...suspended, id: randomUUID() };
      await append(WORK, claimed([[3, 4]], 'lease b'), claimed([[5, 5]], 'other'), suspended, again);
      const endedOf = async (ordinal: number): Promise<readonly unknown[]> =>
        (await told(unit(ordinal), ADMIN, { forget: true }))
          .filter(({ event: type }) => type === 'UnitsMoved')
          .map(({ data }) => data['ended_lease_id']);
      expect(await endedOf(3)).toEqual(['lease b', undefined]);
      expect(await endedOf(5)).toEqual(['other', undefined]);
      expect(await endedOf(6)).toEqual([undefined, undefined]);
    });

    it('tell of the end of its worker, and what the end led to', async () => {
      await append(WORK, event('UnitAdded', { units: [[0, 0]], workload_id: 'a', unit_id: 't1', status: 'idle' }));
      const end = { worker_id: 'p', reason: 'expired', units: ['t1'], silent_seconds: 90 };
      await append('worker-iceprod.main.p', event('WorkerEnded', end, { actor: 'watchdog' }));
      const released = { causationId: 'pilot-ended/p/evict', actor: 'watchdog' };
      await append(WORK, event('UnitsEvicted', { units: [[0, 0]], status: 'reset', reason: 'pilot lost' }, released));
      const entries = await told({ kind: 'unit', id: 't1' });
      expect(entries.map(({ event: type }) => type)).toEqual(['UnitAdded', 'WorkerEnded', 'UnitsEvicted']);
      expect(entries[2]).toMatchObject({
        sentence: 'watchdog took the task back from the pilot, now reset: pilot lost.',
        why: [
          {
            event: 'WorkerEnded',
            sentence: 'watchdog counted the pilot p as lost, because no heartbeat came for 90 s; it ran 1 task.',
          },
        ],
      });
    });
  });

  it('of a group say what it was before and after', async () => {
    const groups = [[2, 2]];
    await append(
      WORK,
      event('GroupsAdded', { groups, workload_id: 'a', first_index: 0, status: 'processing', ids: { id: 'j1' } }),
      event('GroupsMoved', { groups: [[0, 9]], status: 'suspended' }),
      event('GroupsMoved', { groups: [[3, 3]], status: 'processing' }),
    );
    const entries = await told({ kind: 'group', id: 'j1' });
    expect(entries.map(({ sentence }) => sentence)).toEqual([
      'alice added the job.',
      'alice set the job to suspended.',
    ]);
    expect(entries[1]?.changes).toEqual({ status: { before: 'processing', after: 'suspended' } });
  });

  it('of a workload put its streams in order, without the events of its units', async () => {
    await append(WORKLOAD, submitted);
    await append(WORK, event('UnitsAdded', added));
    await append(ACCESS, event('AccessRuleSet', { read_users: ['bob', 'eve'] }));
    await append(WORKLOAD, event('WorkloadMoved', { status: 'suspended', reason: 'no config' }));
    const entries = await told({ kind: 'workload', id: 'a' });
    expect(entries.map(({ sentence }) => sentence)).toEqual([
      'alice submitted the dataset a for bob.',
      'alice set who has access: read_users bob, eve.',
      'alice set the dataset to suspended: no config.',
    ]);
    expect(entries[1]?.changes).toEqual({ read_users: { before: ['bob'], after: ['bob', 'eve'] } });
    expect(await told({ kind: 'workload', id: 'iceprod.main.a' })).toEqual(entries);
    const access = await told({ kind: 'access', id: 'a' });
    expect(access.map(({ event: type }) => type)).toEqual(['WorkloadSubmitted', 'AccessRuleSet']);
  });

  it('of a person tell only what the caller may read', async () => {
    await append(WORKLOAD, submitted);
    const created = { user_id: 'u', username: 'bob', priority: 0.5, groups: [], roles: ['user'], extra: '{}' };
    await append(
      'user-cairn.main.bob',
      event('UserCreated', created),
      event('UserRolesAssigned', { username: 'bob', roles: [] }),
    );
    const typesFor = async (caller: Caller): Promise<readonly string[]> =>
      (await told({ kind: 'person', id: 'bob' }, caller)).map(({ event: type }) => type);
    expect(await typesFor(ADMIN)).toEqual(['WorkloadSubmitted', 'UserCreated', 'UserRolesAssigned']);
    expect(await typesFor(user('bob'))).toEqual(['WorkloadSubmitted']);
    await expect(typesFor(user('eve'))).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('of a group of users tell who came and went, whatever other groups are called', async () => {
    const groups = 'directory-cairn.main.groups';
    const created = (name: string): NewEvent =>
      event('GroupCreated', { group_id: name, name, priority: 0.5, extra: '{}' });
    await append(groups, created('simprod'), created('*'));
    await append(
      'user-cairn.main.bob',
      event('UserJoinedGroup', { username: 'bob', group: 'simprod' }),
      event('UserJoinedGroup', { username: 'bob', group: '*' }),
      event('UserGroupsAssigned', { username: 'bob', groups: ['users'] }),
    );
    const entries = await told({ kind: 'object', id: 'user_group/simprod' });
    expect(entries.map(({ event: type, changes }) => [type, Object.keys(changes)])).toEqual([
      ['GroupCreated', ['group_id', 'name', 'priority']],
      ['UserJoinedGroup', ['member bob']],
      ['UserGroupsAssigned', ['member bob']],
    ]);
    await expect(told({ kind: 'object', id: 'user_group/simprod' }, user('bob'))).rejects.toMatchObject({
      kind: 'not-found',
    });
  });

  it('of a document tell also what came before it was deleted and stored again', async () => {
    const workflow = 'work-torc.main.97';
    const stored = (ordinal: number, document: string): NewEvent =>
      event('DocumentsStored', {
        ...{ collection: 'user_data', ordinals: [[ordinal, ordinal]], documents: [document], keys: { [ordinal]: 'x' } },
      });
    await append(
      workflow,
      stored(3, '{"a":1}'),
      event('DocumentsDeleted', { collection: 'user_data', ordinals: [[3, 3]] }),
      stored(4, '{"a":2}'),
    );
    const entries = await told({ kind: 'object', id: 'document/user_data__97/x' });
    expect(entries.map(({ changes }) => changes['a'])).toEqual([{ after: 1 }, { before: 1 }, { after: 2 }]);
    expect(() => resolveFilter(index, { object: ['document/user_data__97/y'] })).toThrow('Document not found');
    for (const unknown of ['document/user_data__97/y', 'document/files__97/4', 'document/user_data__98/1']) {
      await expect(told({ kind: 'object', id: unknown })).rejects.toMatchObject({ kind: 'not-found' });
    }
    await append('access-torc.main.97', event('AccessRuleSet', rule));
    const request: TimelineRequest = { kind: 'object', id: 'document/user_data__97/x' };
    await expect(told(request, user('eve'))).rejects.toMatchObject({ kind: 'forbidden' });
  });

  it('are refused to those who may not read the workload', async () => {
    await append(WORKLOAD, submitted);
    await append(WORK, event('UnitAdded', { units: [[0, 0]], workload_id: 'a', unit_id: 't1', status: 'idle' }));
    for (const request of [
      { kind: 'workload', id: 'a' },
      { kind: 'access', id: 'a' },
      { kind: 'unit', id: 't1' },
    ] as const) {
      expect(await told(request, user('bob'))).toHaveLength(1);
      await expect(told(request, user('eve'))).rejects.toMatchObject({ kind: 'forbidden' });
      await expect(told({ ...request, id: 'nothing' }, user('bob'))).rejects.toMatchObject({ kind: 'not-found' });
    }
    await expect(told({ kind: 'workload', id: 'a', cursor: 'x' })).rejects.toMatchObject({ kind: 'invalid' });
  });

  it('of a request have the whole tree, with the chain of causes', async () => {
    await append(WORKLOAD, submitted);
    const queued = { request_id: 'r1', action: 'materialization', dataset_id: 'a', creator: 'bob' };
    await append(
      'directory-iceprod.requests.r1',
      event('RequestQueued', queued, { correlationId: 'http', actor: 'bob' }),
    );
    const step = { correlationId: 'r1', causationId: 'request/r1/plan', actor: 'bob' };
    await append('directory-iceprod.requests.r1', event('JobsPlanned', { ...queued, from: 0, to: 2 }, step));
    await append(WORK, event('UnitsAdded', added, { ...step, causationId: 'request/r1/jobs' }), moved([[0, 0]]));
    const entries = await told({ kind: 'request', id: 'http' });
    expect(entries.map(({ event: type, why }) => [type, why.map((cause) => cause['event'])])).toEqual([
      ['RequestQueued', []],
      ['JobsPlanned', ['RequestQueued']],
      ['UnitsAdded', ['RequestQueued']],
    ]);
    expect(entries[2]?.why[0]).toMatchObject({
      actor: 'bob',
      sentence: 'bob asked for materialization of the dataset a (request r1).',
    });
    const [forReader] = await told({ kind: 'request', id: 'http' }, user('bob'));
    expect(forReader).toMatchObject({ event: 'UnitsAdded', why: [{ event: 'RequestQueued' }] });
    expect(forReader?.why[0]).not.toHaveProperty('sentence');
    expect(forReader?.why[0]).not.toHaveProperty('actor');
  });

  it('name the request that automation acted for', async () => {
    const task = 'work-panda.main.7';
    const request = { dialect: 'panda', correlationId: 'submit' };
    const automation = { ...request, actor: 'cairn-automation', timeMicros: 1_700_000_000_000_002 };
    await append(task, event('TaskSubmitted', { workload_id: '7', task_id: 7, set: {} }, request));
    const jobs = { units: [[0, 0]], kind: 'run', site: 'CERN', common: {}, jobs: [{ panda_id: 70, set: {} }] };
    await append(task, event('TaskMoved', { status: 'running' }, automation), event('JobsCreated', jobs, automation));
    await append(task, event('TaskMoved', { status: 'done' }, { ...automation, correlationId: 'by itself' }));
    const [created] = await told({ kind: 'unit', id: '70' });
    expect(created?.why).toMatchObject([{ event: 'TaskSubmitted', sentence: 'alice submitted the task 7.' }]);
    const workload = await told({ kind: 'workload', id: '7' });
    expect(workload.map(({ why }) => why.map((cause) => cause['event']))).toEqual([[], ['TaskSubmitted'], []]);
  });
});
