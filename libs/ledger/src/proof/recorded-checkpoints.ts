import { CHECKPOINT_SIGNED, CHECKPOINTS_STREAM, type SignedCheckpoint } from './checkpoint.js';
import type { EventSource } from './event-source.js';
import { readCheckpoint } from './proof-files.js';

/**
 * The checkpoints that a ledger holds, the first one first.
 *
 * @throws ProofFileInvalid when one of them cannot be read
 */
export async function* recordedCheckpoints(source: EventSource): AsyncGenerator<SignedCheckpoint, void, void> {
  for await (const events of source.ofStream(CHECKPOINTS_STREAM)) {
    for (const { type, data } of events) if (type === CHECKPOINT_SIGNED) yield readCheckpoint(data);
  }
}
