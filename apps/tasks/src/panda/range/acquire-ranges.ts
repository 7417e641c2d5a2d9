import type { AcquireRangesRequest, RangesOfJobRequest } from '#contracts/panda/ranges.js';
import type { RangesAcquired } from '#contracts/panda/range-events.js';
import type { JobStatus } from '#contracts/panda/statuses.js';
import { rangesOf, rangesPerEvent } from '#contracts/ranges.js';
import type { DecidedEvent, SlicedDecision } from '#event-sourcing/command.js';
import type { WorkloadId } from '../../workload/workloads.js';
import type { Job, PandaView, TaskFile } from '../view.js';
import { closeUnused } from './close-siblings.js';
import { isJumbo } from './flavour.js';
import { rangeIdText } from './range-id.js';
import type { EventRange, Jobset } from './range-view.js';

/** Statuses of jobs that may acquire ranges (contract 5.1). */
const ACQUIRING: readonly JobStatus[] = ['sent', 'running', 'starting'];

/** Ranges of one call; harvester asks for some thousands. */
const RANGES_MAX = 100_000;

/** Ranges read at a time. */
const PAGE = 1_000;

const NOTHING = { events: [], reply: { ranges: '[]' } };

/** Where a job finds its ranges: in its jobset, or in its whole task if it is a jumbo job. Undefined when it has none. */
const sourceOf = (
  view: Pick<PandaView, 'ranges'>,
  job: Job,
  { jobset_id: jobsetId, task_id: taskId }: RangesOfJobRequest,
): Jobset | WorkloadId | undefined => {
  if (job.taskId === null || (taskId !== undefined && taskId !== job.taskId)) return undefined;
  if (isJumbo(job)) return job.home.workload;
  const jobset = view.ranges.jobset(jobsetId);
  return jobset?.workload === job.home.workload ? jobset : undefined;
};

/** How many ranges a job could acquire (contract 6.2). */
export const countReady = (view: Pick<PandaView, 'job' | 'ranges'>, request: RangesOfJobRequest): number => {
  const job = view.job(request.job_id);
  const source = job && sourceOf(view, job, request);
  return source === undefined ? 0 : view.ranges.countReady(source);
};

/** Gives ready ranges to a job (contract 5.1). */
export function* acquireRanges(
  view: PandaView,
  request: AcquireRangesRequest,
): SlicedDecision<{ readonly ranges: string }> {
  const job = view.job(request.job_id);
  if (job === undefined || !ACQUIRING.includes(job.status)) return NOTHING;
  if (job.attributes.commandToPilot?.includes('tobekilled') === true) return NOTHING;
  const source = sourceOf(view, job, request);
  if (source === undefined) return NOTHING;
  const limit = Math.min(Math.max(request.n_ranges, 0), RANGES_MAX);
  const acquired = yield* readyRanges(view, source, request, limit);
  const texts: string[] = [];
  const files = new Map<number, TaskFile | undefined>();
  for (let at = 0; at < acquired.length; at += PAGE) {
    const page = acquired.slice(at, at + PAGE);
    texts.push(page.map((range) => itemText(view, job, range, files)).join(','));
    yield;
  }
  const isLast = view.ranges.countReady(source) === acquired.length && typeof source !== 'number';
  return {
    events: [...acquisitions(job, acquired), ...(isLast ? closeUnused(view, job, source) : [])],
    reply: { ranges: `[${texts.join(',')}]` },
  };
}

function* readyRanges(
  view: PandaView,
  from: Jobset | WorkloadId,
  { scattered: isScattered, segment_id: datasetId }: AcquireRangesRequest,
  limit: number,
): Generator<void, readonly EventRange[], void> {
  const found: EventRange[] = [];
  const selection = { from, isScattered, ...(datasetId !== undefined && { datasetId }) };
  // A random order is one page, because another one could have the same ranges.
  if (isScattered) return view.ranges.ready({ ...selection, limit });
  while (found.length < limit) {
    const after = found.at(-1)?.ordinal;
    const page = view.ranges.ready({
      ...selection,
      ...(after !== undefined && { after }),
      limit: Math.min(PAGE, limit - found.length),
    });
    found.push(...page);
    if (page.length < PAGE) break;
    yield;
  }
  return found;
}

const acquisitions = (job: Job, acquired: readonly EventRange[]): DecidedEvent[] =>
  rangesPerEvent(rangesOf(acquired.map(({ ordinal }) => ordinal))).map((ranges) => {
    const data: RangesAcquired = { panda_id: job.pandaId, units: [[job.ordinal, job.ordinal]], ranges };
    return { stream: job.home.stream, type: 'RangesAcquired', data };
  });

/** JSON of a range as pilots get it: it is named by the job from now on. */
const itemText = (
  view: PandaView,
  job: Job,
  { fileId, processId, attemptNr, firstEvent, lastEvent }: EventRange,
  files: Map<number, TaskFile | undefined>,
): string => {
  if (!files.has(fileId)) files.set(fileId, view.file(fileId));
  const file = files.get(fileId);
  const taskId = job.taskId ?? 0;
  return JSON.stringify({
    eventRangeID: rangeIdText({ taskId, pandaId: job.pandaId, fileId, processId, attemptNr }),
    ...{ startEvent: firstEvent, lastEvent },
    ...{ LFN: file?.lfn ?? null, GUID: file?.guid ?? null, scope: file?.scope ?? null },
  });
};
