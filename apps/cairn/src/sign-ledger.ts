import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { formatTimestamp, nowMicros } from '#platform/clock.js';
import type { Environment } from '#platform/environment.js';
import { RevisionConflict } from '#ledger/errors.js';
import { eventId } from '#ledger/event-id.js';
import type { Ledger } from '#ledger/ledger.js';
import {
  CHECKPOINT_SIGNED,
  type CheckpointKey,
  CHECKPOINTS_STREAM,
  previousFor,
  type SignedCheckpoint,
} from '#ledger/proof/checkpoint.js';
import { ledgerSource } from '#ledger/proof/event-source.js';
import { type LedgerSummary, LedgerTree, MemoryHeads } from '#ledger/proof/ledger-tree.js';
import { recordedCheckpoints } from '#ledger/proof/recorded-checkpoints.js';
import { Rewrites } from '#ledger/rewrite/rewrites.js';
import { SqliteKeyValueStore } from '#storage/sqlite-key-value-store.js';
import { CheckpointKeys } from '../../events/src/proof/checkpoint-keys.js';
import { UsageError } from './command-line.js';
import { existingDataFolder } from './data-folder.js';

/** Whom the history names. */
const ACTOR = 'cairn';

/** How often a running Cairn may sign one at the same moment. */
const ATTEMPTS_MAX = 5;

/**
 * Lends the keys of the events service, which may run.
 *
 * @throws UsageError when no Cairn has started in the data folder
 */
export const withCheckpointKeys = async <Result>(
  environment: Environment,
  use: (keys: CheckpointKeys) => Promise<Result>,
): Promise<Result> => {
  const file = join(existingDataFolder(environment), 'key-value-store', 'events.sqlite');
  const store = new SqliteKeyValueStore(file);
  try {
    return await use(new CheckpointKeys(store, environment));
  } finally {
    await store.close();
  }
};

const summaryOf = async (ledger: Ledger): Promise<LedgerSummary> => {
  const { isRewritten } = await Rewrites.in(ledgerSource(ledger));
  const tree = new LedgerTree(new MemoryHeads(), undefined, isRewritten);
  for await (const { events } of ledger.readAll()) {
    for (const event of events) {
      if (tree.add(event) !== undefined) {
        throw new UsageError(`the history is broken at event ${event.revision} of ${event.stream}: verify it`);
      }
    }
  }
  return tree.summary();
};

/**
 * Signs a checkpoint of everything that a ledger holds, as the events service does; also while it runs. Reads the whole ledger.
 *
 * @throws UsageError when the chain of a stream is broken
 */
export const signLedger = async (ledger: Ledger, key: CheckpointKey): Promise<SignedCheckpoint> => {
  for (let attempt = 1; ; attempt++) {
    let last: SignedCheckpoint | undefined;
    for await (const checkpoint of recordedCheckpoints(ledgerSource(ledger))) last = checkpoint;
    const summary = await summaryOf(ledger);
    const timeMicros = nowMicros();
    const time = `${formatTimestamp(timeMicros)}Z`;
    const signed = key.sign({ number: (last?.number ?? 0) + 1, ...summary, previous: previousFor(last), time });
    const commandId = randomUUID();
    const metadata = { timeMicros, actor: ACTOR, dialect: 'cairn', correlationId: commandId, causationId: commandId };
    const event = { id: eventId(commandId, 0), type: CHECKPOINT_SIGNED, data: signed };
    try {
      await ledger.append(CHECKPOINTS_STREAM, signed.number - 2, [
        { ...event, metadata: { ...metadata, schemaVersion: 1 } },
      ]);
      return signed;
    } catch (error) {
      if (!(error instanceof RevisionConflict) || attempt >= ATTEMPTS_MAX) throw error;
    }
  }
};
