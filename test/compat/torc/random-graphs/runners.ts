import type { Random } from '../../../chaos/random.js';
import { type Document, documentIn, itemsIn, jobsIn, keyOf, revisionOf } from '../answers.js';
import type { RandomWorkflow } from './random-workflow.js';

export interface Round {
  readonly runners: number;
  /** Share of the jobs that fail. */
  readonly failures: number;
  /** Share of the jobs in whose middle the runner dies. */
  readonly crashes: number;
  /** The workflow is canceled after so many completions. */
  readonly cancelAfter: number | undefined;
}

/** What the runners of a workflow have done so far. */
export interface Totals {
  starts: number;
  completions: number;
}

interface Completion {
  readonly status: string;
  readonly code: number;
}

const CLAIMS = [
  '/prepare_next_jobs_for_submission?limit=3',
  '/prepare_jobs_for_submission?sort_method=none',
  '/prepare_jobs_for_submission?limit=2',
  '/prepare_jobs_for_submission?sort_method=gpus_memory_runtime&limit=5',
];

const WORKER = { num_cpus: 4, memory_gb: 16 };

/**
 * Lets several runners work until nothing is left, and the model do the same. The model follows the order of the completions,
 * which the events of the workflow tell.
 */
export const runRound = async (
  { workflow, model, placeOf }: RandomWorkflow,
  { runners, failures, crashes, cancelAfter = Number.POSITIVE_INFINITY }: Round,
  totals: Totals,
  random: Random,
): Promise<void> => {
  const node = await workflow.nodeKey();
  const run = await workflow.runId();
  const since = Number(documentIn(await workflow.get('/latest_event_timestamp'))['timestamp']);
  const claimed = new Set<number>();
  const started = new Set<number>();
  const completions = new Map<number, Completion>();
  /** `working`: claimed jobs that a runner still has to look after. */
  const state = { working: 0, wasCanceled: false };

  const cancelIfDue = async (): Promise<void> => {
    if (state.wasCanceled || completions.size < cancelAfter) return;
    state.wasCanceled = true;
    expect((await workflow.put('/cancel')).status).toBe(200);
  };

  const complete = async (job: Document, status: string, code: number): Promise<number> => {
    const result = { ...(await workflow.result(job, code, { runId: run })), status };
    const path = `/jobs/${keyOf(job)}/complete_job/${status}/${revisionOf(job)}/${run}/${node}`;
    const answer = await workflow.post(path, result);
    if (answer.status === 200) completions.set(placeOf(keyOf(job)), { status, code });
    return answer.status;
  };

  const work = async (job: Document): Promise<void> => {
    const path = `/jobs/${keyOf(job)}`;
    const start = await workflow.put(`${path}/start_job/${revisionOf(job)}/${run}/${node}`);
    if (start.status === 400 && state.wasCanceled) return;
    expect(start).toMatchObject({ status: 200, json: { status: 'submitted' } });
    started.add(placeOf(keyOf(job)));
    if (random.next() < crashes) return;
    const hasFailed = random.next() < failures;
    const status = hasFailed && random.next() < 0.3 ? 'terminated' : 'done';
    const completed = await complete(documentIn(start), status, hasFailed ? 1 + random.below(3) : 0);
    if (completed === 409 && state.wasCanceled) {
      // As a worker that is told of the cancel: it kills the process and reads the job again.
      expect(await complete(documentIn(await workflow.get(path)), 'canceled', -9)).toBe(200);
    } else expect(completed).toBe(200);
  };

  const runner = async (): Promise<void> => {
    for (;;) {
      const claim = CLAIMS[random.below(CLAIMS.length)] ?? '';
      const jobs = jobsIn(await workflow.post(claim, WORKER));
      state.working += jobs.length;
      for (const job of jobs) {
        const place = placeOf(keyOf(job));
        if (claimed.has(place)) throw new Error(`job ${place} was claimed twice`);
        claimed.add(place);
      }
      for (const job of jobs) {
        if (random.next() >= crashes) await work(job);
        await cancelIfDue();
        state.working -= 1;
      }
      if (jobs.length === 0 && state.working === 0) return;
    }
  };
  await Promise.all(Array.from({ length: runners }, runner));

  for (const place of claimed) model.claimed.add(place);
  model.claimAll();
  const events = itemsIn(await workflow.get(`/events_after_timestamp/${since}?category=job`));
  const order = events.filter(({ type }) => type === 'complete').map(({ job_key: key }) => placeOf(String(key)));
  expect(order.toSorted()).toEqual([...completions.keys()].toSorted());
  for (const place of order) {
    const { status = '', code = 0 } = completions.get(place) ?? {};
    if (status === 'canceled' && !model.isCanceled) model.cancel();
    model.complete(place, status, code);
  }
  for (const place of claimed) {
    const job = model.jobs[place];
    if (job?.status === 'submitted' && !started.has(place)) job.status = 'submitted_pending';
  }
  if (state.wasCanceled && !model.isCanceled) model.cancel();
  model.claimed.clear();
  totals.starts += started.size;
  totals.completions += completions.size;
};
