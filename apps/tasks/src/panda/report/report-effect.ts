import { isFinalJob, type JobStatus, REPORTED_STATUSES, type ReportedStatus } from '#contracts/panda/statuses.js';
import { TASK_BUFFER_ERRORS } from '../kill/kill-effect.js';
import type { Job } from '../view.js';

/** What becomes of a report (PanDA contract 4.2.4). */
export type ReportEffect =
  /** Nothing is stored, and the pilot gets this command. */
  | { readonly kind: 'refused'; readonly command: 'tobekilled' | 'alreadydone' }
  /** Nothing is stored, and the pilot gets the job's command. */
  | { readonly kind: 'ignored' }
  /** The pilot runs in another batch job than the one that has the job. */
  | { readonly kind: 'foreign'; readonly batchId: string }
  /** Measurements are stored, and the job gets this status. */
  | { readonly kind: 'stored'; readonly status: ReportedStatus | JobStatus };

const REFUSED = { kind: 'refused', command: 'tobekilled' } as const;
const DONE = { kind: 'refused', command: 'alreadydone' } as const;
const IGNORED = { kind: 'ignored' } as const;

export const isReported = (status: string): status is ReportedStatus =>
  (REPORTED_STATUSES as readonly string[]).includes(status);

export const isFinalReport = (status: ReportedStatus): status is 'finished' | 'failed' =>
  status === 'finished' || status === 'failed';

/** No pilot has these. */
const UNASSIGNED: ReadonlySet<JobStatus> = new Set(['pending', 'waiting', 'defined', 'assigned']);

const BY_PILOT = /^set to \w+ by the pilot/u;
/** Digits, with dots between them. */
const PLAIN_NUMBER = /^\d(?:[\d.]*\d)?$/u;

export interface ReportFacts {
  readonly status: ReportedStatus;
  readonly attemptNr: number | null;
  readonly batchId: string | undefined;
}

type Facts = Pick<Job, 'status' | 'reported'> & {
  readonly attributes: Pick<
    Job['attributes'],
    'attemptNr' | 'batchID' | 'jobDispatcherErrorCode' | 'jobDispatcherErrorDiag' | 'taskBufferErrorCode'
  >;
};

/** The decision table, first match wins. */
export const reportEffect = (job: Facts | undefined, report: ReportFacts): ReportEffect => {
  if (job === undefined || UNASSIGNED.has(job.status)) return REFUSED;
  const { attributes } = job;
  if (report.attemptNr !== null && report.attemptNr !== attributes.attemptNr) return REFUSED;
  if (isFinalJob(job.status)) return afterEnd(job, report);
  const isFinal = isFinalReport(report.status);
  const isHeldByPilot = BY_PILOT.test(attributes.jobDispatcherErrorDiag ?? '');
  if (job.status === 'transferring' && !isHeldByPilot && (isFinal || report.status === 'holding')) return DONE;
  // The first report wins.
  if (job.reported !== undefined) return isFinal ? DONE : IGNORED;
  if (job.status === 'holding' && report.status === 'holding') return IGNORED;
  if (job.status === 'merging') return IGNORED;
  const isEarlier = report.status === 'running' || report.status === 'starting';
  if ((job.status === 'holding' || job.status === 'transferring') && isEarlier) return IGNORED;
  if (isForeign(attributes.batchID, report.batchId)) return { kind: 'foreign', batchId: report.batchId };
  if (job.status === 'running' && report.status === 'starting') return { kind: 'stored', status: 'running' };
  return { kind: 'stored', status: isFinal ? 'holding' : report.status };
};

/** A job that its own pilot has ended is done; one that ended otherwise has a pilot that must stop. */
const afterEnd = ({ status, attributes }: Facts, report: ReportFacts): ReportEffect => {
  const isLost =
    Boolean(attributes.jobDispatcherErrorCode) || attributes.taskBufferErrorCode === TASK_BUFFER_ERRORS.workerDone;
  const isEndedByPilot = (status === 'finished' || status === 'failed') && !isLost;
  if (!isEndedByPilot) return REFUSED;
  return isFinalReport(report.status) || status === 'failed' ? DONE : REFUSED;
};

const isForeign = (batchId: string | null, reported: string | undefined): reported is string =>
  ![batchId ?? '', reported ?? ''].includes('') &&
  batchId !== reported &&
  !PLAIN_NUMBER.test(batchId ?? '') &&
  !PLAIN_NUMBER.test(reported ?? '');

/** What a pilot is told on every heartbeat until its job ends (trap 13). */
export const commandOf = ({
  specialHandling,
  commandToPilot,
}: Pick<Job['attributes'], 'specialHandling' | 'commandToPilot'>): string => {
  const commands = [
    ...(isInDebugMode({ specialHandling }) ? ['debug'] : []),
    ...(commandToPilot ? [commandToPilot] : []),
  ];
  return commands.length === 0 ? 'NULL' : commands.join(',');
};

export const isInDebugMode = ({ specialHandling }: Pick<Job['attributes'], 'specialHandling'>): boolean =>
  (specialHandling ?? '').split(',').some((token) => token === 'debug' || token === 'dm');
