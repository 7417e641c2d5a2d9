import type { BatchAbandoned } from '#ledger/staged-batch.js';

/** What any stream may have besides the events of its dialect. The seal of a batch is not among them: the history shows what it made effective. */
export interface BatchEvents {
  readonly BatchAbandoned: BatchAbandoned;
}
