import fc from 'fast-check';
import { eventually } from '#platform/testing/eventually.js';
import { Crons } from './crons/crons.js';
import { MODES } from '../../harness/cairn-process.js';
import type { HttpClient } from '../../harness/http-client.js';
import { TASK_MOVES } from './task-statuses.js';
import { useTestCluster, VARIABLES } from '../../harness/test-cluster.js';
import { newDataset } from './fixtures.js';

/**
 * Clean-up forces failed tasks of stopped jobs as well (contract 17), and forces again what the other one has stopped since
 * it read the list.
 */
const LEGAL: Readonly<Record<string, readonly string[]>> = {
  ...TASK_MOVES,
  failed: [...TASK_MOVES.failed, 'suspended'],
  suspended: [...TASK_MOVES.suspended, 'suspended'],
};

interface Claimed {
  readonly task_id: string;
  readonly instance_id: string;
  readonly name: string;
  readonly job_index: number;
}

interface Scenario {
  readonly jobs: number;
  readonly tasksPerJob: number;
  readonly isChain: boolean;
  /** Jobs whose last task fails. */
  readonly failing: readonly number[];
  /** Which cron runs at each turn, and how many tasks the grid takes. */
  readonly turns: readonly { readonly cron: number; readonly takes: number }[];
}

const scenarios = fc.record({
  jobs: fc.integer({ min: 1, max: 4 }),
  tasksPerJob: fc.integer({ min: 1, max: 3 }),
  isChain: fc.boolean(),
  failing: fc.uniqueArray(fc.nat(3), { maxLength: 2 }),
  turns: fc.array(fc.record({ cron: fc.nat(4), takes: fc.nat(3) }), { minLength: 5, maxLength: 20 }),
});

const countsOf = (statuses: readonly string[]): Readonly<Record<string, number>> =>
  Object.fromEntries([...Map.groupBy(statuses, (status) => status)].map(([status, all]) => [status, all.length]));

/** The statuses of a task in its history. */
const statusesOf = async (client: HttpClient, task: string): Promise<readonly string[]> => {
  const { events } = (await client.get(`/cairn/history/units/${task}`)).json as {
    events: readonly { readonly data: { readonly status?: string } }[];
  };
  return events.flatMap(({ data }) => data.status ?? []);
};

describe.each(MODES)("automation running beside IceProd's crons ($mode)", (mode) => {
  const cluster = useTestCluster(mode, () => ({
    ...VARIABLES,
    CAIRN_AUTOMATION: 'on',
    CAIRN_AUTOMATION_DELAY: '0.02',
  }));

  const submit = async ({ jobs, tasksPerJob, isChain }: Scenario): Promise<string> => {
    const tasks = Array.from({ length: tasksPerJob }, (_, place) => ({
      name: `t${String(place)}`,
      trays: [{ modules: [{}] }],
      depends: isChain && place > 0 ? [`t${String(place - 1)}`] : [],
    }));
    const counts = { jobs_submitted: jobs, tasks_per_job: tasksPerJob, tasks_submitted: jobs * tasksPerJob };
    const dataset = await newDataset(cluster().system, counts);
    const config = { version: 3.2, description: 'd', tasks };
    expect((await cluster().system.put(`/config/${dataset}`, config)).status).toBe(200);
    return dataset;
  };

  /** Claims tasks and reports their end, as a grid process does. */
  const work = async (dataset: string, num: number, { failing, tasksPerJob }: Scenario): Promise<void> => {
    const { system } = cluster();
    const query_params = { dataset_id: dataset };
    const { status, json } = await system.post('/task_actions/queue_many', { num, requirements: {}, query_params });
    for (const { task_id: task, instance_id, name, job_index: job } of status === 200 ? (json as Claimed[]) : []) {
      await system.post(`/tasks/${task}/task_actions/processing`, { instance_id });
      const fails = failing.includes(job) && name === `t${String(tasksPerJob - 1)}`;
      await system.post(`/tasks/${task}/task_actions/${fails ? 'failed' : 'complete'}`, { instance_id });
    }
  };

  it('reaches the same end state through legal transitions and creates nothing twice', async () => {
    await fc.assert(
      fc.asyncProperty(scenarios, async (scenario) => {
        const dataset = await submit(scenario);
        const crons = new Crons(cluster().system, dataset);
        for (const { cron, takes } of scenario.turns) {
          await Promise.all([crons.steps[cron]?.(), work(dataset, takes, scenario)]);
        }
        const failing = scenario.failing.filter((job) => job < scenario.jobs).length;
        const end = failing > 0 ? 'errors' : 'complete';
        await eventually(async () => {
          await work(dataset, 10, scenario);
          return crons.status();
        }, end);
        const { system } = cluster();
        const jobs = countsOf((await crons.jobs()).map(({ status }) => status));
        const complete = scenario.jobs - failing;
        expect(jobs).toEqual({ ...(complete > 0 && { complete }), ...(failing > 0 && { errors: failing }) });
        expect((await system.get(`/datasets/${dataset}/job_counts/status`)).json).toEqual(jobs);
        const tasks = await crons.tasks();
        expect(tasks).toHaveLength(scenario.jobs * scenario.tasksPerJob);
        // Failed tasks may have been suspended with their job before the dataset ended.
        const ended = tasks.map(({ status }) => (status === 'suspended' ? 'failed' : status));
        const good = tasks.length - failing;
        expect(countsOf(ended)).toEqual({
          ...(good > 0 && { complete: good }),
          ...(failing > 0 && { failed: failing }),
        });
        for (const { task_id: task, status } of tasks) {
          const steps = await statusesOf(system, task);
          expect([steps[0], steps.at(-1)]).toEqual(['idle', status]);
          for (const [place, next] of steps.slice(1).entries()) {
            expect({ steps, next: LEGAL[steps[place] ?? '']?.includes(next) }).toEqual({ steps, next: true });
          }
          expect(steps.filter((step) => step === 'waiting')).toHaveLength(1);
        }
        const shown = (await crons.tasks()).map(({ status }) => status);
        expect((await system.get(`/datasets/${dataset}/task_counts/status`)).json).toEqual(countsOf(shown));
      }),
      { numRuns: mode.isDistributed ? 6 : 12 },
    );
  });
});
