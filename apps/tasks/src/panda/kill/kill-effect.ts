import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import type { JobStatus } from '#contracts/panda/statuses.js';
import { plainTime, timeText } from '#contracts/panda/times.js';
import { isConsumer } from '../range/flavour.js';
import type { Job } from '../view.js';

/** Why jobs are killed, and who says so (PanDA contract 4.2.8). */
export interface KillOrder {
  /** Null counts as any code that the table does not have. */
  readonly code: number | null;
  /** The raw distinguished name, or another text that diagnostics show. */
  readonly by: string;
  /** Given by the production role: code 99 then ends running jobs too. */
  readonly isProduction?: boolean;
  /** Substatus of the ended jobs in place of the code's. */
  readonly subStatus?: string;
}

/** A job ends by a kill. */
export interface Killed {
  readonly status: 'cancelled' | 'closed';
  readonly set: JobAttributes;
}

/** Codes that are obeyed although the job is being killed already. */
const FORCED_CODES: ReadonlySet<number | null> = new Set([2, 9, 10, 51, 52, 60, 99]);

const TO_BE_KILLED = 'tobekilled';

/** `taskBufferErrorCode` by its name in the contract. */
export const TASK_BUFFER_ERRORS = {
  kill: 100,
  expired: 102,
  aborted: 103,
  reassigned: 105,
  retried: 106,
  retriedByPilot: 107,
  fastRebrokerage: 130,
  cloningUnlocked: 200,
  workerDone: 300,
} as const;

export const isBeingKilled = ({ commandToPilot }: Pick<Job['attributes'], 'commandToPilot'>): boolean =>
  commandToPilot === TO_BE_KILLED;

/** Whether the kill ends the job at once. Others run on until their pilot obeys. */
export const endsAtOnce = (
  job: Pick<Job, 'status' | 'attributes'>,
  { code, isProduction = false }: KillOrder,
): boolean => {
  if (job.status !== 'running' || isConsumer(job)) return true;
  if (code === 99) return isProduction;
  const { prodSourceLabel: label } = job.attributes;
  return (code === 9 || code === 52) && (label === 'managed' || label?.includes('test') === true);
};

/** Whether the job was told to end before, and is not told again. */
export const isRepeat = ({ attributes }: Pick<Job, 'attributes'>, { code }: KillOrder): boolean =>
  isBeingKilled(attributes) && !FORCED_CODES.has(code);

/** What a kill sets in a job that runs on. */
export const toldToEnd = ({ by }: Pick<KillOrder, 'by'>): JobAttributes => ({
  commandToPilot: TO_BE_KILLED,
  taskBufferErrorDiag: `killed by ${by}`,
});

/** What becomes of a job that is not final, by table 4.2.8. `unchangedSince` is its `stateChangeTime`. */
export const killed = (
  order: KillOrder,
  status: JobStatus,
  unchangedSince: () => string | null,
  timeMicros: number,
): Killed => {
  const { code, by } = order;
  const end = (
    to: Killed['status'],
    taskBufferErrorCode: number,
    taskBufferErrorDiag: string,
    jobSubStatus = order.subStatus,
  ): Killed => {
    const endTime = timeText(timeMicros);
    const set: JobAttributes = {
      ...{ taskBufferErrorCode, taskBufferErrorDiag, endTime },
      // Jobs of some harvesters never get beyond starting.
      ...(status === 'starting' && { startTime: endTime }),
      ...(jobSubStatus !== undefined && { jobSubStatus }),
      ...(code !== 8 && { commandToPilot: TO_BE_KILLED }),
    };
    return { status: to, set };
  };
  const substatus = (ofCode: string): string => order.subStatus ?? ofCode;
  switch (code) {
    case 2:
    case 4: {
      const since = plainTime(unchangedSince());
      const text = `expired in ${status}. status unchanged since ${since}`;
      return end('closed', TASK_BUFFER_ERRORS.expired, text, substatus('toreassign'));
    }
    case 3:
      return end('cancelled', TASK_BUFFER_ERRORS.aborted, 'aborted by ExtIF');
    case 8: {
      const text = `reassigned to another site by rebrokerage. new ${by}`;
      return end('cancelled', TASK_BUFFER_ERRORS.reassigned, text);
    }
    case 10:
      return end('closed', TASK_BUFFER_ERRORS.fastRebrokerage, 'fast rebrokerage due to Nq/Nr overshoot');
    case 50:
    case 52:
      return end('cancelled', TASK_BUFFER_ERRORS.kill, by);
    case 51:
      return end('closed', TASK_BUFFER_ERRORS.kill, 'reassigned by JEDI', substatus('toreassign'));
    case 55:
      return end('closed', TASK_BUFFER_ERRORS.kill, 'killed since task is (almost) done', substatus('taskdone'));
    case 60:
      return end('closed', TASK_BUFFER_ERRORS.kill, 'closed by the pilot');
    case 200:
      return end('closed', TASK_BUFFER_ERRORS.cloningUnlocked, 'failed to get semaphore for job cloning');
    default:
      return end('cancelled', TASK_BUFFER_ERRORS.kill, `killed by ${by}`);
  }
};
