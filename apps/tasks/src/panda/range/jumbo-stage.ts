import { isFinalJob, type JobStatus, type TaskStatus } from '#contracts/panda/statuses.js';
import { copyJob } from '../generate/copy-job.js';
import { SplitRules } from '../refine/split-rules.js';
import type { Stage, StageStep } from '../stage/stage.js';
import { taskAmended } from '../task-amended.js';
import type { Job, PandaView, Task } from '../view.js';
import { FLAVOURS, isJumbo } from './flavour.js';

const STATUSES: ReadonlySet<TaskStatus> = new Set(['scouting', 'running', 'ready']);

/** Consumers of these statuses show where a jumbo job may run. */
const PLACED: readonly JobStatus[] = ['activated', 'sent', 'starting', 'running'];

/** Consumers that are looked at. */
const CONSUMERS_MAX = 200;

/** Creates the jumbo jobs of a task that waits for them (contract 5.4), one after the other, where consumers of it are. */
export const jumboStage: Stage = {
  name: 'jumbo',
  statuses: STATUSES,
  step(view: PandaView, task: Task, timeMicros: number): StageStep | undefined {
    if (task.attributes.useJumbo !== 'W') return undefined;
    const rules = SplitRules.parse(task.attributes.splitRule);
    const total = rules.number('nJumboJobs') ?? 0;
    const perSite = rules.number('maxJumboPerSite') ?? total;
    const jumbos = sitesOf(activeJumbos(view, task));
    const model = jumbos.length < total ? placeFor(view, task, jumbos, perSite) : undefined;
    if (model !== undefined) {
      const set = { eventService: FLAVOURS.jumbo, jobsetID: task.id, attemptNr: 1, maxAttempt: 1 };
      return { events: copyJob(view, model, task, { set, takes: [] }, timeMicros).events };
    }
    if (jumbos.length === 0) return undefined;
    return { events: [taskAmended(task, { useJumbo: 'R' })] };
  },
};

/** The jobset of jumbo jobs is their task; consumers have jobsets of their own. */
const activeJumbos = (view: PandaView, task: Task): readonly Job[] =>
  view
    .jobsOfJobset(task.id)
    .filter(({ status }) => !isFinalJob(status))
    .flatMap(({ pandaId }) => view.job(pandaId) ?? [])
    .filter(isJumbo);

const sitesOf = (jobs: readonly Job[]): readonly (string | null)[] =>
  jobs.map(({ attributes: { computingSite } }) => computingSite);

/** A consumer at a site that may have a further jumbo job. */
const placeFor = (
  view: PandaView,
  task: Task,
  jumbos: readonly (string | null)[],
  perSite: number,
): Job | undefined => {
  for (const { pandaId, kind } of view.jobStates(task, { statuses: PLACED, limit: CONSUMERS_MAX })) {
    const job = kind === 'run' ? view.job(pandaId) : undefined;
    if (job === undefined || isJumbo(job) || !((job.attributes.eventService ?? 0) > 0)) continue;
    if (jumbos.filter((site) => site === job.attributes.computingSite).length < perSite) return job;
  }
  return undefined;
};
