import { constants } from 'node:os';
import type { FinalStatus } from '#contracts/torc/statuses.js';
import type { ScriptRun } from './run-script.js';

/** What ended the process of a job early. */
export type Stop = 'terminated' | 'canceled' | undefined;

/** Code that stands for a job that was terminated and cannot tell how it ended (Torc contract 7.3, step 4). */
const TERMINATED_CODE = -15;
/** Code of shells for a program that cannot be started. */
const NOT_STARTED_CODE = 127;
/** Code of a job whose output is missing (Torc contract 7.3). */
export const MISSING_OUTPUT_CODE = 1;

/** Exit code of a process; ended by a signal, its negative number, as in Python. */
const codeOf = ({ code, signal }: ScriptRun): number =>
  code ?? (signal === undefined ? NOT_STARTED_CODE : -constants.signals[signal]);

/** Status and return code of a job whose process has ended (Torc contract 7.3, step 4). */
export const jobEnd = (
  run: ScriptRun,
  stop: Stop,
  supportsTermination: boolean,
): { readonly status: FinalStatus; readonly returnCode: number } => {
  if (stop === undefined) return { status: 'done', returnCode: codeOf(run) };
  if (stop === 'terminated' && !supportsTermination) return { status: stop, returnCode: TERMINATED_CODE };
  return { status: stop, returnCode: codeOf(run) };
};
