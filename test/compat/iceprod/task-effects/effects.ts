import type { Document } from '../documents.js';
import { type HttpClient, type JsonAnswer } from '../../../harness/http-client.js';
import { done, refused } from '../answers.js';
import { TASK_MOVES, TASK_STATUSES, type TaskStatus } from '../task-statuses.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { newDataset, newTask } from '../fixtures.js';

const OLD = '2026-01-01T00:00:00.000001';
const NOW = 'now';
/** Differs from a new task in every field. */
const RICH = {
  ...{ site: 'OLD', failures: 3, evictions: 1, walltime: 1.5, walltime_err: 2.5, walltime_err_n: 2 },
  status_changed: OLD,
};
const INSTANCE = { instance_id: 'i' };
const ILLEGAL = refused(400, 'Bad state transition for status');

/** A row of the table of contract 7.3, for one status that a task has before. */
interface Row {
  readonly what: string;
  /** Sends the request. */
  readonly by: (client: HttpClient, datasetId: string, taskId: string, jobId: string) => Promise<JsonAnswer>;
  /** Statuses from which the request has an effect. */
  readonly from: (from: TaskStatus) => boolean;
  readonly otherwise: (from: TaskStatus) => JsonAnswer | undefined;
  /** The fields that change. */
  readonly effect: Document;
  readonly answersDocument?: true;
}

const putting = (to: TaskStatus | 'reset', ofDataset: boolean): Row => {
  const target = to === 'reset' ? 'idle' : to;
  const cleared = ofDataset || to === 'reset' ? { instance_id: '' } : {};
  return {
    what: `PUT status ${to}${ofDataset ? ' through the dataset' : ''}`,
    by: (client, datasetId, id) =>
      client.put(ofDataset ? `/datasets/${datasetId}/tasks/${id}/status` : `/tasks/${id}/status`, { status: to }),
    from: (from) => TASK_MOVES[from].includes(target),
    otherwise: (from) => (from === target ? done : ILLEGAL),
    effect: {
      ...{ status: target, status_changed: NOW, ...cleared },
      ...(ofDataset && to === 'reset' && { failures: 0 }),
    },
  };
};

const forcing = (to: TaskStatus | 'reset', ofDataset: boolean): Row => ({
  what: `bulk_status ${to}${ofDataset ? ' through the dataset' : ''}`,
  by: (client, datasetId, id) =>
    client.post(`${ofDataset ? `/datasets/${datasetId}` : ''}/task_actions/bulk_status/${to}`, { tasks: [id, 'nope'] }),
  from: () => true,
  otherwise: () => undefined,
  effect: {
    ...{ status: to === 'reset' ? 'idle' : to, status_changed: NOW, instance_id: '' },
    ...(to === 'reset' && { failures: 0 }),
  },
});

const acting = (action: string, from: readonly TaskStatus[], effect: Document, of: 'tasks' | 'jobs'): Row => ({
  what: `bulk_${action} of ${of}`,
  by: (client, datasetId, id, jobId) =>
    client.post(`/datasets/${datasetId}/task_actions/bulk_${action}`, { [of]: [of === 'tasks' ? id : jobId] }),
  from: (word) => from.includes(word),
  otherwise: () => done,
  effect: { ...effect, status_changed: NOW, instance_id: '' },
});

const USED = { time_used: 7200, resources: { time: 9, cpu: 2.5, memory: 4, disk: 20, gpu: 7 }, reason: 'killed' };
const FAILURE = {
  ...{ failures: 4, walltime_err: 4.5, walltime_err_n: 3, instance_id: '' },
  requirements: { cpu: 2, memory: 6, disk: 30, time: 13.5 },
};

const reporting = (
  report: string,
  from: readonly TaskStatus[],
  to: TaskStatus,
  effect: Document,
  site?: string,
): Row => ({
  what: `${report}${site === undefined ? '' : ' from a site'}`,
  by: (client, _, id) =>
    client.post(`/tasks/${id}/task_actions/${report}`, { ...INSTANCE, ...USED, ...(site !== undefined && { site }) }),
  from: (word) => from.includes(word),
  otherwise: (word) => (word === to ? undefined : ILLEGAL),
  effect: { status: to, status_changed: NOW, ...effect, ...(site !== undefined && { site }) },
  answersDocument: true,
});

const ACTIVE = ['queued', 'processing'] as const;

const ROWS: readonly Row[] = [
  ...[...TASK_STATUSES, 'reset' as const].flatMap((to) => [
    ...[putting(to, false), putting(to, true)],
    ...[forcing(to, false), forcing(to, true)],
  ]),
  ...(['tasks', 'jobs'] as const).flatMap((of) => [
    acting('suspend', ['idle', 'waiting', ...ACTIVE], { status: 'suspended' }, of),
    acting('reset', ['waiting', ...ACTIVE, 'suspended', 'failed'], { status: 'idle' }, of),
    acting('hard_reset', TASK_STATUSES, { status: 'idle', failures: 0, site: '' }, of),
  ]),
  ...[undefined, 'NEW'].flatMap((site) => [
    reporting('processing', ['queued'], 'processing', {}, site),
    reporting('reset', ['idle', ...ACTIVE, 'suspended', 'failed'], 'waiting', FAILURE, site),
    reporting('failed', ACTIVE, 'failed', FAILURE, site),
    reporting('complete', ACTIVE, 'complete', { walltime: 2, instance_id: '' }, site),
  ]),
  {
    what: 'waiting',
    by: (client, _, id) => client.post('/task_actions/waiting', { task_ids: [id] }),
    from: (from) => from === 'idle',
    otherwise: () => ({ ...done, json: { waiting: 0 } }),
    effect: { status: 'waiting', status_changed: NOW },
  },
];

const changes = (before: Document, after: Document): Document =>
  Object.fromEntries(
    Object.entries(after)
      .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name]))
      .map(([name, value]) => [name, name === 'status_changed' && String(value) > OLD ? NOW : value]),
  );

/** Contract 7.3, every row from every status: what changes, and that nothing else does. */
export const effects = (cluster: GetTestCluster): void => {
  describe('effects of each route on a task', () => {
    it.each(ROWS)('$what', async ({ by, from, otherwise, effect, answersDocument }) => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      for (const status of TASK_STATUSES) {
        const jobId = `job of ${status}`;
        const id = await newTask(system, datasetId, { status, ...INSTANCE, job_id: jobId });
        const before = (await system.patch(`/tasks/${id}`, RICH)).json as Document;
        const received = await by(system, datasetId, id, jobId);
        const after = (await system.get(`/tasks/${id}`)).json as Document;
        const isEffective = from(status);
        const expected = isEffective ? Object.entries(effect).filter(([name, value]) => before[name] !== value) : [];
        expect([status, changes(before, after)]).toEqual([status, Object.fromEntries(expected)]);
        const answer = isEffective ? undefined : otherwise(status);
        if (answer !== undefined) expect([status, received]).toEqual([status, answer]);
        else if (answersDocument) expect([status, received.status, received.json]).toEqual([status, 200, before]);
        else expect([status, received.status]).toEqual([status, 200]);
      }
    });
  });
};
