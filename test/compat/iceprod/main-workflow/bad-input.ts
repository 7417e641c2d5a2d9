import { reasonPhrase } from '../../../../apps/gateway/src/edge/reason-phrase.js';
import type { HttpClient } from '../../../harness/http-client.js';
import { type GetTestCluster } from '../../../harness/test-cluster.js';
import { newDataset, newJob, newTask } from '../fixtures.js';

/** Values that are invalid for most fields. */
const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  9_007_199_254_740_993,
  '',
  'x',
  '\u0000\r\nSet-Cookie: a=b',
  '😀'.repeat(300),
  [],
  [null],
  [[]],
  ['x', 7],
  {},
  { $gt: '' },
  { __proto__: null, constructor: 1 },
];

const BODIES: readonly string[] = [
  '',
  '{',
  'null',
  '[]',
  '"x"',
  '7',
  '{"a":1}{"b":2}',
  '{"__proto__":{"status":"complete"}}',
  '['.repeat(20_000),
  `{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
  '\uFEFF{}',
  '{"status":"complete","status":"idle"}',
  '{"job_index":1e400}',
];

const FIELDS = [
  'status',
  'description',
  'priority',
  'jobs_submitted',
  'dataset_id',
  'job_id',
  'job_index',
  'task_index',
  'name',
  'depends',
  'requirements',
  'jobs',
  'tasks',
  'task_ids',
  'num',
  'num_tasks',
  'dataset_prio',
  'dataset_deprio',
  'query_params',
  'instance_id',
  'time_used',
  'resources',
  'site',
  'reason',
  'read_groups',
  'write_groups',
  'version',
  'memory',
  'os',
  'a.b',
  '',
] as const;

const writesOf = (datasetId: string, jobId: string, taskId: string): readonly (readonly [string, string])[] => [
  ['POST', '/datasets'],
  ['PUT', `/datasets/${datasetId}/status`],
  ['PUT', `/datasets/${datasetId}/description`],
  ['PUT', `/datasets/${datasetId}/priority`],
  ['PUT', `/datasets/${datasetId}/jobs_submitted`],
  ['PUT', `/config/${datasetId}`],
  ['POST', '/jobs'],
  ['PATCH', `/jobs/${jobId}`],
  ['PUT', `/datasets/${datasetId}/jobs/${jobId}/status`],
  ['POST', `/datasets/${datasetId}/job_actions/bulk_status/errors`],
  ['POST', `/datasets/${datasetId}/job_actions/bulk_suspend`],
  ['POST', '/tasks'],
  ['PATCH', `/tasks/${taskId}`],
  ['PUT', `/tasks/${taskId}/status`],
  ['PUT', `/datasets/${datasetId}/tasks/${taskId}/status`],
  ['POST', '/task_actions/waiting'],
  ['POST', '/task_actions/queue'],
  ['POST', '/task_actions/queue_many'],
  ['POST', '/task_actions/process'],
  ['POST', '/task_actions/bulk_status/waiting'],
  ['POST', `/tasks/${taskId}/task_actions/processing`],
  ['POST', `/tasks/${taskId}/task_actions/reset`],
  ['POST', `/tasks/${taskId}/task_actions/failed`],
  ['POST', `/tasks/${taskId}/task_actions/complete`],
  ['POST', `/datasets/${datasetId}/task_actions/bulk_reset`],
  ['PATCH', `/datasets/${datasetId}/task_actions/bulk_requirements/generate`],
  ['POST', `/datasets/${datasetId}/task_actions/bulk_requirements/generate`],
  ['POST', `/tasks/${taskId}/task_stats`],
  ['PUT', `/auths/${datasetId}`],
  ['POST', `/cairn/iceprod/datasets/${datasetId}/tasks`],
  ['POST', `/cairn/iceprod/datasets/${datasetId}/jobs`],
  ['POST', `/cairn/iceprod/datasets/${datasetId}/jobs/tasks`],
];

const readsOf = (datasetId: string, jobId: string, taskId: string): readonly string[] => [
  '/datasets',
  `/datasets/${datasetId}`,
  `/datasets/${datasetId}/jobs`,
  `/datasets/${datasetId}/jobs/${jobId}`,
  `/datasets/${datasetId}/tasks`,
  `/datasets/${datasetId}/tasks/${taskId}`,
  `/datasets/${datasetId}/task_counts/status`,
  `/datasets/${datasetId}/task_counts/name_status`,
  `/datasets/${datasetId}/tasks/${taskId}/task_stats`,
  `/datasets/${datasetId}/bulk/task_stats`,
  '/tasks',
  '/task_counts/status',
  '/dataset_summaries/status',
  '/users',
  `/cairn/history/units/${taskId}`,
];

const QUERIES = [
  'keys=.|..|a.|.b|$x|_id|__proto__',
  `keys=${'a.'.repeat(400)}`,
  'status=|&gpu=&job_index=&limit=',
  'status[$ne]=x&name=%00&site=%25',
  'sort=|=|a=2|.=-1|priority=-1=1&limit=-5',
  'limit=1e9&job_index=99999999999999999999',
  'after=%F0%9F%98%80&buffer_size=1&last=%00',
  'x=%',
  '%',
  '&&==&',
] as const;

const PATHS = [
  '/datasets/%',
  '/datasets/%00',
  '/tasks/%2e%2e%2f',
  `/jobs/${'x'.repeat(900)}`,
  '//datasets//x',
  '/%F0%28',
];

/** "Never answer 500 for bad input" (IceProd contract 1.3): clients would retry for minutes. */
export const badInput = (cluster: GetTestCluster): void => {
  describe('bad input', () => {
    const prepare = async (): Promise<{ client: HttpClient; datasetId: string; jobId: string; taskId: string }> => {
      const { system: client } = cluster();
      const datasetId = await newDataset(client);
      return { client, datasetId, jobId: await newJob(client, datasetId), taskId: await newTask(client, datasetId) };
    };

    const check = async (client: HttpClient, method: string, path: string, body?: string): Promise<void> => {
      const { status, reason, text } = await client.send(method, path, { body });
      const shown = { method, path, body: body?.slice(0, 200), status, reason };
      expect({ ...shown, isServerError: status >= 500 }).toEqual({ ...shown, isServerError: false });
      if (status >= 400) {
        const { code, error } = JSON.parse(text) as { code?: unknown; error?: unknown };
        // Cairn's own routes have their own error shape.
        if (path.startsWith('/cairn/')) return;
        expect([path, body, code, reasonPhrase(String(error))]).toEqual([path, body, status, reason]);
      }
    };

    it('of any kind in any field never causes a server error', async () => {
      const { client, datasetId, jobId, taskId } = await prepare();
      for (const [method, path] of writesOf(datasetId, jobId, taskId)) {
        const bodies = FIELDS.flatMap((field, index) =>
          VALUES.filter((_, number) => (number + index) % 3 === path.length % 3).map((value) =>
            JSON.stringify({ [field]: value }),
          ),
        );
        await Promise.all(bodies.map((body) => check(client, method, path, body)));
      }
    });

    it('that is not an object never causes a server error', async () => {
      const { client, datasetId, jobId, taskId } = await prepare();
      for (const [method, path] of writesOf(datasetId, jobId, taskId)) {
        await Promise.all(BODIES.map((body) => check(client, method, path, body)));
      }
    });

    it('in queries and paths never causes a server error', async () => {
      const { client, datasetId, jobId, taskId } = await prepare();
      for (const path of readsOf(datasetId, jobId, taskId)) {
        await Promise.all(QUERIES.map((query) => check(client, 'GET', `${path}?${query}`)));
      }
      for (const path of PATHS) await check(client, 'GET', path);
    });

    it('leaves all routes working', async () => {
      const { system, alice } = cluster();
      const datasetId = await newDataset(alice);
      const jobId = await newJob(system, datasetId);
      await newTask(system, datasetId, { job_id: jobId });
      expect((await alice.get(`/datasets/${datasetId}/task_counts/status`)).json).toEqual({ idle: 1 });
      expect((await alice.get(`/datasets/${datasetId}/job_counts/status`)).json).toEqual({ processing: 1 });
    });
  });
};
