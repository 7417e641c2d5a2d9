import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import type { JobStatus } from '#contracts/panda/statuses.js';
import { plainTime } from '#contracts/panda/times.js';
import type { Decision } from '#event-sourcing/command.js';
import { endJob } from '../adder/end-job.js';
import { isOfUser } from '../labels.js';
import type { Job, PandaView } from '../view.js';
import { lostWithWorker } from '../worker-effect/worker-effect.js';

/** How long jobs may go without a report, in seconds (PanDA contract 4.2.6). */
export interface JobTimeouts {
  readonly sent: number;
  /** Of starting and running jobs. */
  readonly heartbeat: number;
  /** Of held jobs of users, and of those with a priority above 800. */
  readonly holdingFirst: number;
  readonly holding: number;
  readonly transferring: number;
  /** Of held jobs whose pilot has told an error. */
  readonly recovery: number;
}

/** Jobs above it are not left in holding for long. */
const FIRST_PRIORITY = 800;

const SECONDS_PER_HOUR = 3_600;
const SECONDS_PER_MINUTE = 60;

/** Statuses that are watched, with the shortest time after which a job of it may be lost. */
export const watched = ({
  sent,
  heartbeat,
  holdingFirst,
  holding,
  transferring,
  recovery,
}: JobTimeouts): readonly (readonly [status: JobStatus, seconds: number])[] => [
  ['sent', sent],
  ['starting', heartbeat],
  ['running', heartbeat],
  ['holding', Math.min(holdingFirst, holding, recovery)],
  ['transferring', transferring],
];

type Facts = Pick<Job, 'status' | 'reported' | 'attributes'>;

/** What is wrong with a job that has not been modified for some seconds; undefined while it may still report. */
export const lossOf = (job: Facts, silentSeconds: number, timeouts: JobTimeouts): JobAttributes | undefined => {
  const { attributes: a } = job;
  const loss = (seconds: number, jobDispatcherErrorCode: number, jobDispatcherErrorDiag: string) =>
    silentSeconds < seconds ? undefined : { jobDispatcherErrorCode, jobDispatcherErrorDiag };
  switch (job.status) {
    case 'sent': {
      const minutes = Math.round(timeouts.sent / SECONDS_PER_MINUTE);
      return loss(timeouts.sent, 102, `Sent job didn't receive reply from pilot within ${minutes} min`);
    }
    case 'starting':
    case 'running':
      return loss(timeouts.heartbeat, 100, `lost heartbeat : ${plainTime(a.modificationTime)}`);
    case 'holding': {
      // The adder will end it.
      if (job.reported !== undefined) return undefined;
      const isFirst = isOfUser(a.prodSourceLabel) || (a.currentPriority ?? 0) > FIRST_PRIORITY;
      const timeout = isFirst ? timeouts.holdingFirst : timeouts.holding;
      const text = `timeout in holding : last heartbeat at ${plainTime(a.endTime)}`;
      const hours = Math.floor(silentSeconds / SECONDS_PER_HOUR);
      const isKnown = (a.pilotErrorCode ?? 0) !== 0;
      return (
        (isKnown ? loss(timeouts.recovery, 101, `job recovery failed for ${hours} hours`) : undefined) ??
        loss(timeout, 103, text)
      );
    }
    case 'transferring':
      return loss(timeouts.transferring, 104, `timeout in transferring : last heartbeat at ${plainTime(a.endTime)}`);
    default:
      return undefined;
  }
};

const MICROS_PER_SECOND = 1_000_000;

/** Ends a job that nobody has reported of for too long. Nothing happens when somebody has by now. */
export const endLostJob = (
  view: PandaView,
  { pandaId, modifiedMicros }: { readonly pandaId: number; readonly modifiedMicros: number },
  timeouts: JobTimeouts,
  timeMicros: number,
): Decision<object> => {
  const job = view.job(pandaId);
  const silentSeconds = (timeMicros - modifiedMicros) / MICROS_PER_SECOND;
  const loss = job === undefined ? undefined : lossOf(job, silentSeconds, timeouts);
  if (job === undefined || loss === undefined) return { events: [], reply: {} };
  const isSilent = job.status === 'starting' || job.status === 'running';
  const worker = isSilent ? lostWithWorker(view.workers.workerOfJob(pandaId)) : {};
  const set = { ...loss, ...worker, endTime: job.attributes.modificationTime };
  return { events: endJob(view, job, { status: 'failed', end: { set, inputs: 'failed' } }, timeMicros), reply: {} };
};
