import { Command } from 'commander';
import { eventAtCursor } from '#event-sourcing/event-at-cursor.js';
import { readHistoryCursor } from '#event-sourcing/history-cursor.js';
import type { Ledger, RecordedEvent } from '#ledger/ledger.js';
import type { SignedCheckpoint } from '#ledger/proof/checkpoint.js';
import { proveEvent } from '#ledger/proof/event-proof.js';
import { ledgerSource } from '#ledger/proof/event-source.js';
import { readCheckpointFile } from '#ledger/proof/proof-files.js';
import { findCheckpoint, provable } from './checkpoint-command.js';
import { type Terminal, UsageError } from './command-line.js';
import { readProofFile } from './read-proof-file.js';
import { withLedger } from './with-ledger.js';

type Wanted = (event: Pick<RecordedEvent, 'id' | 'stream' | 'revision'>) => boolean;

/** What tells the event that a user means from all others. */
const wantedEvent = async (ledger: Ledger, name: string): Promise<Wanted> => {
  const cursor = readHistoryCursor(name);
  if (cursor === undefined) return ({ id }) => id === name;
  const named = await eventAtCursor(ledger, cursor);
  if (named === undefined) throw new UsageError(`the ledger has no event at ${name}`);
  return ({ stream, revision }) => stream === named.stream && revision === named.revision;
};

/** `cairn prove` */
export const proveCommand = (terminal: Terminal): Command =>
  new Command('prove')
    .description(
      `Prints a proof that an event of the ledger (CAIRN_DATA_DIR, EVENTSTORE_URL) is one of those that a checkpoint covers. It holds that event
and hashes of others. Whoever has a public key of this Cairn checks it with 'cairn verify --proof', without the ledger.`,
    )
    .argument('<event>', 'id of an event, or its sequence (position) in the history')
    .option('--checkpoint <file>', 'a checkpoint that was exported; by default the last one that the ledger holds')
    .action((name: string, { checkpoint: file }: { readonly checkpoint?: string }) =>
      withLedger(terminal, async (ledger) => {
        const source = ledgerSource(ledger);
        const given = file === undefined ? undefined : readProofFile(file, readCheckpointFile).checkpoint;
        const checkpoint: SignedCheckpoint = given ?? (await findCheckpoint(source));
        const proof = await provable(proveEvent(source, await wantedEvent(ledger, name), checkpoint));
        terminal.stdout.write(`${JSON.stringify(proof, undefined, 2)}\n`);
      }),
    );
