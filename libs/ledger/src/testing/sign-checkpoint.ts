import type { Ledger } from '../ledger.js';
import {
  CHECKPOINT_SIGNED,
  type CheckpointKey,
  CHECKPOINTS_STREAM,
  previousFor,
  type SignedCheckpoint,
} from '../proof/checkpoint.js';
import { ledgerSource } from '../proof/event-source.js';
import { LedgerTree, MemoryHeads } from '../proof/ledger-tree.js';
import { recordedCheckpoints } from '../proof/recorded-checkpoints.js';
import { someEvent } from './new-events.js';

/** Records a checkpoint of all that a ledger holds, as the events service does. */
export const signCheckpoint = async (ledger: Ledger, key: CheckpointKey): Promise<SignedCheckpoint> => {
  const source = ledgerSource(ledger);
  let last: SignedCheckpoint | undefined;
  for await (const checkpoint of recordedCheckpoints(source)) last = checkpoint;
  const tree = new LedgerTree(new MemoryHeads());
  for await (const events of source.all()) for (const event of events) tree.add(event);
  const number = (last?.number ?? 0) + 1;
  const time = '2026-01-31T12:00:00.000000Z';
  const signed = key.sign({ number, ...tree.summary(), previous: previousFor(last), time });
  await ledger.append(CHECKPOINTS_STREAM, number - 2, [{ ...someEvent(signed), type: CHECKPOINT_SIGNED }]);
  return signed;
};
