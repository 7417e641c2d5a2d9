import type { BlobReference, ConcernsUnits } from '../work-events.js';

/**
 * A log was stored (IceProd contract 9). Its body is in the blob store, never in an event. Events of logs are in
 * `work-iceprod.main.<dataset_id>`, and for logs of no dataset in one stream a day, `work-iceprod.logs.<YYYY-MM-DD>`, so
 * that none grows without end.
 */
export interface LogStored extends ConcernsUnits {
  readonly log_id: string;
  readonly dataset_id?: string;
  readonly task_id?: string;
  readonly name: string;
  /** Raw JSON of an object: every field that the sender put in, but for the body. */
  readonly fields: string;
  /** The body as the JSON string that was sent, quotes and escapes included: nothing of it is ever changed. */
  readonly body: BlobReference;
}

/** Logs were deleted; their bodies are gone soon after. */
export interface LogsDeleted extends ConcernsUnits {
  readonly logs: readonly string[];
}

/** Events of logs, by type. */
export interface LogEvents {
  readonly LogStored: LogStored;
  readonly LogsDeleted: LogsDeleted;
}
