import { JOB_STATUSES, isFinal, type JobStatus } from '#contracts/torc/statuses.js';
import { requirementsOf } from '../job/requirements.js';
import type { Job, StateView, Workflow } from '../view.js';
import { namedJob } from './blockers.js';
import { explainJob, type JobExplanation } from './job-explanation.js';
import { called } from './job-reason.js';
import { misfitsOf } from './misfits.js';
import type { SeenOffer } from './seen-offers.js';

/** Ready jobs that are compared with offers. */
const COMPARED_MAX = 1_000;

/** `1 job runs`, `2 jobs run` */
const jobsThat = (count: number, one: string, many: string): string =>
  count === 1 ? `1 job ${one}` : `${count} jobs ${many}`;

const fits = ({ unit }: Job, offers: readonly SeenOffer[]): boolean =>
  offers.some(({ resources }) => misfitsOf(requirementsOf(unit.requirements), unit.site, resources).length === 0);

/** Ready jobs, those for which nodes were requested last. */
function* readyJobs(view: StateView, workflow: Workflow): Generator<Job, void, void> {
  yield* view.jobsOfStatus(workflow, 'ready');
  yield* view.jobsOfStatus(workflow, 'scheduled');
}

/** Explains why nothing (more) starts in a workflow, if need be by one of its jobs. */
class WorkflowExplainer {
  /** The job that the reason is about. */
  example: Job | undefined;

  constructor(
    private readonly view: StateView,
    private readonly workflow: Workflow,
    private readonly offers: readonly SeenOffer[],
  ) {}

  count(...statuses: readonly JobStatus[]): number {
    return statuses.reduce((sum, status) => sum + this.view.countOfStatus(this.workflow, status), 0);
  }

  reason(): string {
    if (this.workflow.isCanceled) return 'It is canceled: nothing is handed out until reset_status and a restart.';
    const left = this.count(...JOB_STATUSES.filter((status) => !isFinal(status) && status !== 'disabled'));
    if (left === 0) return 'All its jobs are complete or disabled.';
    const running = this.count('submitted');
    const ready = this.count('ready', 'scheduled');
    if (ready > 0) return (running === 0 ? '' : `${jobsThat(running, 'runs', 'run')}. `) + this.reasonOfReady(ready);
    if (running > 0) return `${jobsThat(running, 'runs', 'run')}; nothing else is ready.`;
    const claimed = this.count('submitted_pending');
    if (claimed > 0) {
      const what = jobsThat(claimed, 'was claimed and is', 'were claimed and are');
      return `${what} not started yet; should the worker be gone, a restart makes it ready again.`;
    }
    if (this.count('blocked') === 0)
      return 'Its jobs are not initialized: a start or restart makes them ready or blocked.';
    return `What is left is blocked. Of ${this.about(this.view.jobsOfStatus(this.workflow, 'blocked'))}`;
  }

  /** What an explanation says of the first of some jobs. */
  private about(some: Iterable<Job>): string {
    const [job] = some;
    if (job === undefined) throw new Error('There was such a job, and nothing has changed since');
    this.example = job;
    const { reason } = explainJob(this.view, this.workflow, job, this.offers);
    return `${called(namedJob(this.workflow, job))}: ${reason}`;
  }

  private reasonOfReady(ready: number): string {
    if (this.offers.length === 0)
      return `${jobsThat(ready, 'is', 'are')} ready, but no worker has asked since Cairn started.`;
    let compared = 0;
    for (const job of readyJobs(this.view, this.workflow)) {
      if (fits(job, this.offers))
        return `${jobsThat(ready, 'is ready and waits', 'are ready and wait')} for workers to ask again.`;
      compared += 1;
      if (compared === COMPARED_MAX) break;
    }
    const some =
      compared < ready ? `the first ${compared} ready jobs` : jobsThat(ready, 'that is ready', 'that are ready');
    return `Of ${some}, none fits the offers last seen. Of ${this.about(readyJobs(this.view, this.workflow))}`;
  }
}

export interface WorkflowExplanation {
  readonly workflow_key: string;
  readonly reason: string;
  readonly is_canceled: boolean;
  readonly is_archived: boolean;
  readonly run_id: number;
  readonly jobs: Readonly<Record<string, number>>;
  /** The job that the reason is about. */
  readonly job: JobExplanation | null;
}

/** Why nothing (more) starts in a workflow. */
export const explainWorkflow = (
  view: StateView,
  workflow: Workflow,
  offers: readonly SeenOffer[],
): WorkflowExplanation => {
  const explainer = new WorkflowExplainer(view, workflow, offers);
  const reason = explainer.reason();
  const { example } = explainer;
  return {
    ...{ workflow_key: workflow.key, reason },
    ...{ is_canceled: workflow.isCanceled, is_archived: workflow.isArchived, run_id: workflow.runId },
    jobs: Object.fromEntries(JOB_STATUSES.map((status) => [status, explainer.count(status)])),
    job: example === undefined ? null : explainJob(view, workflow, example, offers),
  };
};
