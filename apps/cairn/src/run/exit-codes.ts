import { EXIT } from '../command-line.js';

/** Exit codes of `cairn run`. */
export const RUN_EXIT = {
  /** All jobs are done, with return code 0; switched off ones do not count. */
  allDone: 0,
  /** The server does not answer, or something else went wrong. */
  error: EXIT.failed,
  /** The command line or the workflow file is wrong. */
  usage: EXIT.usage,
  /** Jobs have failed, or were canceled because others have. */
  jobsFailed: 4,
  /** Somebody has canceled the workflow. */
  canceled: 5,
  /** A signal or the time limit has ended the run before the workflow was complete. */
  interrupted: 6,
  /** The server, or a check before the start, has refused the workflow. */
  refused: 7,
  /** Jobs are left that cannot run here. */
  jobsLeft: 8,
} as const;
