import { unsubmitted } from '../compat/iceprod/fixtures.js';
import { MODES } from '../harness/cairn-process.js';
import { longestWaitMs } from '../harness/cpu-time.js';
import { useTestCluster } from '../harness/test-cluster.js';

const DOCUMENT_BYTES = 4 * 1024 * 1024 - 1000;
const VALUES = 49_000;
const IDS = 100_000;

/** Others wait no longer than this for a response. */
const WAIT_MS_MAX = 100;
/** Garbage is collected at any time: the best of so many attempts counts. */
const ATTEMPTS = 4;

const TASKS = '"tasks":[{"name":"a","trays":[{"modules":[{}]}]}]';
const config = (description: string, more = ''): string =>
  `{"version":3.1,"description":"${description}",${TASKS}${more}}`;
const members = (value = '1'): string =>
  `{${Array.from({ length: VALUES }, (_, index) => `"name${index}":${value}`).join(',')}}`;
const ids = Array.from({ length: IDS }, (_, index) => index.toString(16).padStart(32, '0'));

type Request = readonly [what: string, method: string, path: string, sent: { readonly body: string }];

/** Bodies that take longest, as large as their routes accept them. */
const requests = (dataset: string): readonly Request[] => [
  ['a config with a long text', 'PUT', `/config/${dataset}`, { body: config('x'.repeat(DOCUMENT_BYTES)) }],
  ['a config of escapes', 'PUT', `/config/${dataset}`, { body: config('\\u00e9'.repeat(DOCUMENT_BYTES / 6)) }],
  ['a config with many options', 'PUT', `/config/${dataset}`, { body: config('', `,"options":${members()}`) }],
  ['a config with many members', 'PUT', `/config/${dataset}`, { body: members() }],
  ['a config with many NaN', 'PUT', `/config/${dataset}`, { body: members('NaN') }],
  ['a config of wrong tasks', 'PUT', `/config/${dataset}`, { body: `{"tasks":[${'{},'.repeat(VALUES - 10)}{}]}` }],
  ...['submit', 'edit_config'].map(
    (action) =>
      [
        `${action} with lists in the text of a config`,
        'POST',
        `/actions/${action}`,
        {
          body: JSON.stringify({
            ...(action === 'submit' ? { description: '', jobs_submitted: 1, group: 'users' } : { dataset_id: dataset }),
            config: `{"tasks":[${'{},'.repeat(DOCUMENT_BYTES / 3 - 100)}{}]}`,
          }),
        },
      ] as const,
  ),
  [
    'submit with lists in the text of further fields',
    'POST',
    '/actions/submit',
    {
      body: JSON.stringify({
        ...{ description: '', jobs_submitted: 1, group: 'users', config: '{}' },
        extra_submit_fields: `{"a":[${'{},'.repeat(DOCUMENT_BYTES / 3 - 100)}{}]}`,
      }),
    },
  ],
  [
    'a status for many tasks',
    'POST',
    `/datasets/${dataset}/task_actions/bulk_status/suspended`,
    { body: JSON.stringify({ tasks: ids }) },
  ],
  [
    'a status for many jobs',
    'POST',
    `/datasets/${dataset}/job_actions/bulk_status/suspended`,
    { body: JSON.stringify({ jobs: ids }) },
  ],
  [
    'an action on the tasks of many jobs',
    'POST',
    `/datasets/${dataset}/task_actions/bulk_suspend`,
    { body: JSON.stringify({ jobs: ids }) },
  ],
  ['a list without names that consists of names', 'POST', '/task_actions/bulk_status/idle', { body: members() }],
  ['statistics with many members', 'POST', '/tasks/t/task_stats', { body: members().replace('name0', 'dataset_id') }],
  ['a task with many members', 'PATCH', '/tasks/t', { body: members() }],
  ['a query in a body', 'GET', '/datasets', { body: members() }],
];

describe('large bodies', () => {
  describe.each(MODES)('of requests ($mode)', (mode) => {
    const cluster = useTestCluster(mode);

    const send = async ([, method, path, sent]: Request): Promise<void> => {
      // No answer is a fault of the server; most of these bodies are refused for what they say.
      expect((await cluster().admin.send(method, path, sent)).status).toBeLessThan(500);
    };

    it.each(requests(unsubmitted()))('do not make others wait: %s', async (...request) => {
      const waits: number[] = [];
      while (waits.length < ATTEMPTS && Math.min(...waits) > WAIT_MS_MAX) {
        waits.push(await longestWaitMs(cluster(), () => send(request)));
      }
      expect(Math.min(...waits)).toBeLessThanOrEqual(WAIT_MS_MAX);
    });
  });
});
