import type { JobEnd } from '#contracts/panda/events.js';
import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import type { FinalJobStatus } from '#contracts/panda/statuses.js';
import type { DecidedEvent } from '#event-sourcing/command.js';

/** How a job ends: `end` is that of the event. A closed or cancelled job is moved. */
export interface JobEnding {
  readonly status: FinalJobStatus;
  readonly end: JobEnd;
}

/** How it ends instead, and what else happens: its ranges are released, siblings are closed, a consumer or merge job is created. */
export interface Settlement extends JobEnding {
  /** Behind the event that ends the job, in the same change. */
  readonly events: readonly DecidedEvent[];
}

/** The job ends like this; what was measured and which files it has made stays. */
export const settledAs = (
  { end }: JobEnding,
  status: FinalJobStatus,
  inputs: JobEnd['inputs'],
  set: JobAttributes,
  events: readonly DecidedEvent[] = [],
): Settlement => ({ status, end: { ...end, inputs, set: { ...end.set, ...set } }, events });
