import type { JobsClaimed } from '#contracts/panda/events.js';
import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import type { AcquiredJob, AcquireJobsReply, AcquireJobsRequest } from '#contracts/panda/pilot.js';
import { timeText } from '#contracts/panda/times.js';
import type { SlicedDecision } from '#event-sourcing/command.js';
import { JobChanges } from '../job-changes.js';
import { isInDebugMode } from '../report/report-effect.js';
import type { Job, PandaView } from '../view.js';
import { bestJobs } from './best-jobs.js';
import { jobDictionary } from './job-dictionary.js';
import { memoryLimit } from './mean-memory.js';
import { offerOf } from './offer.js';

/** Jobs of one answer. */
const JOBS_MAX = 1_000;

/** Jobs taken between two yields. */
const SLICE = 20;

/** `nSent` tells of so many seconds, and counts no further (contract 4.2.2). */
const SENT_MICROS = 60_000_000;
const SENT_MAX = 1_000;

interface Claimed {
  readonly stream: string;
  readonly job: AcquiredJob;
}

/**
 * `pilot/acquire_jobs` (PanDA contract 4.2.2): hands the best activated jobs of a site to a pilot.
 *
 * @param isAging whether this claim takes the oldest jobs, whatever their share and priority
 */
export function* acquireJobs(
  view: PandaView,
  request: AcquireJobsRequest,
  isAging: boolean,
  timeMicros: number,
): SlicedDecision<AcquireJobsReply> {
  const { site_name: site } = request;
  const queue = view.queue(site);
  const offer = offerOf(request, queue, memoryLimit(view, queue));
  const best = yield* bestJobs(view, site, offer, isAging);
  const limit = Math.min(request.n_jobs, JOBS_MAX);
  const sent = new Sending(view, request, offer.label, timeMicros);
  while (sent.jobs.length < limit) {
    const step = best.next();
    if (step.done === true) break;
    const job = view.jobAt(step.value.key);
    if (job !== undefined) sent.send(job);
    if (sent.jobs.length % SLICE === 0) yield;
  }
  return { events: sent.changes.events(), reply: sent.reply() };
}

/** The jobs of one claim. */
class Sending {
  readonly changes = new JobChanges();
  readonly jobs: Claimed[] = [];
  private nSent: number | undefined;

  constructor(
    private readonly view: PandaView,
    private readonly request: AcquireJobsRequest,
    private readonly label: string | null,
    private readonly timeMicros: number,
  ) {}

  send(job: Job): void {
    const { stream } = job.home;
    const set = this.changesOf();
    const { harvester_id, worker_id } = this.request;
    const claim: Omit<JobsClaimed, 'units'> = {
      status: 'sent',
      lease_id: String(job.attributes.attemptNr ?? 0),
      site: this.request.site_name,
      set,
      ...(harvester_id !== null && worker_id !== null && { worker: { harvester_id, worker_id } }),
    };
    this.changes.add(stream, job.ordinal, 'UnitsClaimed', claim);
    this.nSent ??= this.countSent();
    const document = jobDictionary(this.view, job, this.nSent);
    const owner = usesSecrets(job) ? job.attributes.prodUserName : null;
    const acquired: AcquiredJob = {
      ...{ panda_id: job.pandaId, document },
      ...(owner !== null && { secrets_of: owner }),
      ...(isInDebugMode(job.attributes) && { is_debugged: true }),
    };
    this.jobs.push({ stream, job: acquired });
  }

  /** Only jobs whose events were appended are handed out. The others are ready again. */
  reply(): AcquireJobsReply | ((succeeded: ReadonlySet<string>) => AcquireJobsReply) {
    const answer = (jobs: readonly Claimed[]): AcquireJobsReply => ({
      jobs: jobs.map(({ job }) => job),
    });
    if (new Set(this.jobs.map(({ stream }) => stream)).size <= 1) return answer(this.jobs);
    return (succeeded) => answer(this.jobs.filter(({ stream }) => succeeded.has(stream)));
  }

  private changesOf(): JobAttributes {
    const { node, computing_element, scheduler_id, background } = this.request;
    return {
      startTime: timeText(this.timeMicros),
      ...(node !== null && { modificationHost: node }),
      ...(computing_element !== null && { computingElement: computing_element }),
      ...(scheduler_id !== null && { schedulerID: scheduler_id }),
      ...(!background && { jobExecutionID: 0 }),
    };
  }

  private countSent(): number {
    if (this.label !== null && this.label !== 'managed') return 0;
    return this.view.countRecentlySent(this.request.site_name, this.timeMicros - SENT_MICROS, SENT_MAX);
  }
}

const usesSecrets = ({ attributes }: Job): boolean => (attributes.specialHandling ?? '').split(',').includes('us');
