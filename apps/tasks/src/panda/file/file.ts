import type { FilesAmended, FilesReopened, InputOutcome } from '#contracts/panda/events.js';
import type { TaskFileStatus } from '#contracts/panda/statuses.js';
import type { ProcStatus } from './file-words.js';

/** What events change of a task's file. */
export interface FileState {
  readonly isInput: boolean;
  readonly status: TaskFileStatus;
  readonly procStatus: ProcStatus;
  readonly attemptNr: number;
  readonly maxAttempt: number;
  readonly failedAttempt: number;
  readonly maxFailure: number | null;
  readonly nEvents: number | null;
  readonly pandaId: number | null;
  readonly ramCount: number;
}

/** What one file adds to the counters of its dataset. They are sums of this over its files, whatever has happened. */
export interface FileCounts {
  readonly used: number;
  readonly running: number;
  readonly finished: number;
  readonly failed: number;
  readonly missing: number;
  readonly eventsUsed: number;
}

/** Whether attempts and failures are left (contract 4.4): without them a file stays `ready`, but no job takes it. */
export const hasAttemptsLeft = (file: Pick<FileState, 'attemptNr' | 'maxAttempt' | 'failedAttempt' | 'maxFailure'>) =>
  file.attemptNr < file.maxAttempt && (file.maxFailure === null || file.failedAttempt < file.maxFailure);

/** Statuses of input files that some job has. */
const IN_JOB: ReadonlySet<TaskFileStatus> = new Set(['picked', 'running', 'merging']);
const USED: ReadonlySet<TaskFileStatus> = new Set([...IN_JOB, 'finished', 'failed']);

export const isInJob = (status: TaskFileStatus): boolean => IN_JOB.has(status);

export const countsOf = (file: FileState): FileCounts => {
  const isExhausted = file.isInput && file.status === 'ready' && !hasAttemptsLeft(file);
  const isFinished = file.status === 'finished';
  return {
    used: +(file.isInput && (isExhausted || USED.has(file.status))),
    running: +(file.isInput && file.procStatus === 'running'),
    finished: +isFinished,
    failed: +(isExhausted || file.status === 'failed'),
    missing: +(file.status === 'missing' || file.status === 'lost'),
    eventsUsed: file.isInput && isFinished ? (file.nEvents ?? 0) : 0,
  };
};

/** A job took the input file. */
export const taken = <File extends FileState>(file: File, pandaId: number): File => ({
  ...file,
  ...{ status: 'running', procStatus: 'queued', pandaId },
});

/** The job that has the file began to run. */
export const started = <File extends FileState>(file: File, pandaId: number): File =>
  file.pandaId === pandaId && (file.status === 'running' || file.status === 'defined')
    ? { ...file, status: 'running', procStatus: 'running' }
    : file;

/**
 * A job that took the input file has ended (contract 4.4). A skipped file is done with. A superseded job leaves the file to the job that follows it.
 * Nothing changes when the file has been reopened or another job has it by now.
 */
export const ended = <File extends FileState>(file: File, pandaId: number, outcome: InputOutcome | 'skipped'): File => {
  if (outcome === 'superseded' || file.pandaId !== pandaId || !IN_JOB.has(file.status)) return file;
  const isFinished = outcome === 'finished' || outcome === 'skipped';
  const after: File = {
    ...file,
    status: isFinished ? 'finished' : 'ready',
    attemptNr: file.attemptNr + 1,
    failedAttempt: file.failedAttempt + +(outcome === 'failed'),
  };
  return { ...after, procStatus: isFinished ? 'finished' : hasAttemptsLeft(after) ? 'ready' : 'failed' };
};

export const reopened = <File extends FileState>(file: File, data: Omit<FilesReopened, 'files'>): File => {
  const after: File = {
    ...file,
    status: 'ready',
    attemptNr: data.resets_attempts === true ? 0 : file.attemptNr,
    failedAttempt: data.resets_attempts === true ? 0 : file.failedAttempt,
    maxAttempt: file.maxAttempt + (data.add_attempts ?? 0),
    maxFailure: file.maxFailure === null ? null : file.maxFailure + (data.add_failures ?? 0),
  };
  return { ...after, procStatus: hasAttemptsLeft(after) ? 'ready' : 'failed' };
};

export const amended = <File extends FileState>(file: File, data: Omit<FilesAmended, 'files'>): File => {
  const after: File = {
    ...file,
    status: data.status ?? file.status,
    maxAttempt: (data.max_attempt ?? file.maxAttempt) + (data.add_attempts ?? 0),
    ramCount: data.ram_count ?? file.ramCount,
  };
  if (after.status !== 'ready') return after;
  return { ...after, procStatus: hasAttemptsLeft(after) ? 'ready' : 'failed' };
};
