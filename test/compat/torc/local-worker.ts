import { type Document, documentIn, idOf, itemsIn, jobsIn, keyOf, revisionOf } from './answers.js';
import type { TorcAnswer } from './torc-client.js';
import type { Workflow } from './workflow.js';

export interface Run {
  /** Return codes of the jobs by name; 0 by default. */
  readonly codes?: Readonly<Record<string, number>>;
  /** How many passes of the loop a worker makes before it is stopped. */
  readonly passesMax?: number;
}

export interface Outcome {
  /** Names of the jobs that the worker ran, in this order. */
  readonly ran: readonly string[];
  /** How often it was told to run the completion script, and did. */
  readonly scripts: number;
}

const RESOURCES = { num_cpus: 2, memory_gb: 23.54, num_gpus: 0, num_nodes: 1 };

const PASSES_MAX = 10_000;

const must = async (answer: Promise<TorcAnswer>): Promise<TorcAnswer> => {
  const { status, json } = await answer;
  if (status !== 200) throw new Error(`the worker dies of ${status} ${JSON.stringify(json)}`);
  return { status, json };
};

/** The calls with which `jobs run` starts a workflow whose jobs are all uninitialized (contract 7.2). */
const startAsClient = async (workflow: Workflow): Promise<void> => {
  await must(workflow.get());
  await must(workflow.get('/missing_user_data'));
  const required = documentIn(await must(workflow.get('/required_existing_files')))['files'] as readonly string[];
  for (const id of required) await must(workflow.get(`/files/${encodeURIComponent(id)}`));
  await must(workflow.get('/config'));
  for (const file of itemsIn(await must(workflow.get('/files?skip=0')))) {
    if (!required.includes(idOf(file))) continue;
    await must(workflow.put(`/files/${keyOf(file)}`, { ...file, st_mtime: 1772355300.5651662 }));
  }
  await must(workflow.post('/reset_status'));
  await must(workflow.post('/reset_job_status'));
  const status = documentIn(await must(workflow.get('/status')));
  await must(workflow.put('/status', { ...status, run_id: Number(status['run_id']) + 1 }));
  await must(workflow.post('/initialize_jobs?only_uninitialized=false'));
  await must(workflow.post('/events', { category: 'workflow', type: 'start', run_id: 1, message: 'Started' }));
};

/** `jobs run` with processes that end at once: every call of contract 7.3, in its order. A worker that is refused anything dies. */
export const runAsClient = async (
  workflow: Workflow,
  { codes = {}, passesMax = PASSES_MAX }: Run = {},
): Promise<Outcome> => {
  const ran: string[] = [];
  let scripts = 0;
  await must(workflow.torc.get('/ping'));
  await must(workflow.get('/status'));
  const jobs = itemsIn(await must(workflow.get('/jobs?skip=0')));
  if (jobs.every(({ status }) => status === 'uninitialized')) await startAsClient(workflow);
  await must(workflow.get());
  const run = Number(documentIn(await must(workflow.get('/status')))['run_id']);
  if (run <= 0) throw new Error('the worker dies of a workflow without a run');
  await must(workflow.get('/config'));
  await must(workflow.post('/events', { category: 'worker', type: 'start', node_name: 'n', message: 'Started' }));
  const node = documentIn(
    await must(
      workflow.post('/compute_nodes', {
        ...{ hostname: 'n', pid: 1, start_time: '2026-03-01 09:15:00.123456', is_active: true, resources: RESOURCES },
        scheduler: { hostname: 'n', scheduler_type: 'local' },
      }),
    ),
  );
  await must(workflow.torc.get('/version'));

  const isComplete = async (): Promise<boolean> => {
    const answer = documentIn(await must(workflow.get('/is_complete')));
    if (answer['needs_to_run_completion_script'] === true) scripts += 1;
    return answer['is_complete'] === true;
  };
  const end = async (started: Document): Promise<void> => {
    const [key, name] = [keyOf(started), String(started['name'])];
    const code = codes[name] ?? 0;
    if (code === 0) {
      for (const file of itemsIn(await must(workflow.get(`/files/produced_by_job/${key}?skip=0`)))) {
        await must(workflow.put(`/files/${keyOf(file)}`, { ...file, st_mtime: 1772355301.25 }));
      }
    }
    const result = {
      ...{ job_key: key, run_id: run, return_code: code, exec_time_minutes: 0.05, status: 'done' },
      completion_time: '2026-03-01T09:27:31.461539',
    };
    const path = `/jobs/${encodeURIComponent(idOf(started))}/complete_job/done/${revisionOf(started)}/${run}/${keyOf(node)}`;
    await must(workflow.post(path, result));
    ran.push(name);
  };

  let running: Document[] = [];
  for (let pass = 0; pass < passesMax && !(await isComplete()); pass += 1) {
    for (const each of running) await end(each);
    if (running.length > 0) await must(workflow.post('/prepare_jobs_for_scheduling'));
    await must(workflow.get('/status'));
    const claim = await must(workflow.post('/prepare_jobs_for_submission?sort_method=gpus_runtime_memory', RESOURCES));
    running = [];
    for (const each of jobsIn(claim)) {
      const path = `/jobs/${keyOf(each)}/start_job/${revisionOf(each)}/${run}/${encodeURIComponent(idOf(node))}`;
      running.push(documentIn(await must(workflow.put(path))));
    }
    if (running.length === 0 && !(await isComplete())) break;
  }

  // The last answer is ignored (5.11).
  await must(workflow.get('/is_complete'));
  const stats = documentIn(
    await must(workflow.post('/compute_node_stats', { hostname: 'n', timestamp: '2026-03-01 13:14:40.0', stats: [] })),
  );
  await must(workflow.post('/edges/node_used', { _from: idOf(node), _to: idOf(stats) }));
  await must(workflow.put(`/compute_nodes/${keyOf(node)}`, { ...node, is_active: false, duration_seconds: 10.93 }));
  await must(workflow.post('/events', { category: 'worker', type: 'stop', node_name: 'n', message: 'Stopped' }));
  return { ran, scripts };
};
