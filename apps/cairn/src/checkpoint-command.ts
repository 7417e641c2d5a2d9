import { Command } from 'commander';
import type { SignedCheckpoint } from '#ledger/proof/checkpoint.js';
import { CannotProve, withHeads } from '#ledger/proof/event-proof.js';
import { type EventSource, ledgerSource } from '#ledger/proof/event-source.js';
import { CHECKPOINT_FORMAT, type CheckpointFile } from '#ledger/proof/proof-files.js';
import { recordedCheckpoints } from '#ledger/proof/recorded-checkpoints.js';
import { loadEnvironment } from '#platform/environment.js';
import { integerFrom, type Terminal, UsageError } from './command-line.js';
import { signLedger, withCheckpointKeys } from './sign-ledger.js';
import { withLedger } from './with-ledger.js';

/**
 * The checkpoint of a number, or the last one.
 *
 * @throws UsageError when there is none
 */
export const findCheckpoint = async (source: EventSource, number?: number): Promise<SignedCheckpoint> => {
  let last: SignedCheckpoint | undefined;
  for await (const checkpoint of recordedCheckpoints(source)) {
    last = checkpoint;
    if (checkpoint.number === number) return checkpoint;
  }
  if (last !== undefined && number === undefined) return last;
  throw new UsageError(
    last === undefined
      ? 'there is no checkpoint yet: a running Cairn signs one every hour (CHECKPOINT_SECONDS), or for POST /cairn/history/checkpoints'
      : `there is no checkpoint ${number}; the last one is ${last.number}`,
  );
};

/** `cairn checkpoint` */
export const checkpointCommand = (terminal: Terminal): Command => {
  const command = new Command('checkpoint').description(
    'Signed checkpoints of the ledger (CAIRN_DATA_DIR, EVENTSTORE_URL), to be kept where nobody can change them together with it.',
  );
  command
    .command('list')
    .description('list all checkpoints: number, time, events, streams, root')
    .action(() =>
      withLedger(terminal, async (ledger) => {
        for await (const { number, time, events, streams, root } of recordedCheckpoints(ledgerSource(ledger))) {
          terminal.stdout.write(`${number} ${time} ${events} ${streams} ${root}\n`);
        }
      }),
    );
  command
    .command('export')
    .argument('[number]', 'which one; by default the last', integerFrom(1))
    .option(
      '--heads',
      'with the heads of all streams, so that what is missing can be named later; reads the whole ledger',
    )
    .description("print a checkpoint as JSON, for 'cairn verify --checkpoint'")
    .action((number: number | undefined, { heads }: { readonly heads?: true }) =>
      withLedger(terminal, async (ledger) => {
        const source = ledgerSource(ledger);
        const checkpoint = await findCheckpoint(source, number);
        const plain: CheckpointFile = { format: CHECKPOINT_FORMAT, checkpoint };
        const file = heads ? await provable(withHeads(source, checkpoint)) : plain;
        terminal.stdout.write(`${JSON.stringify(file, undefined, 2)}\n`);
      }),
    );
  command
    .command('sign')
    .description('sign a checkpoint of everything that the ledger holds now, and print it; reads the whole ledger')
    .action(() =>
      withCheckpointKeys(loadEnvironment(terminal.env), (keys) =>
        withLedger(terminal, async (ledger) => {
          const checkpoint = await signLedger(ledger, await keys.current());
          const file: CheckpointFile = { format: CHECKPOINT_FORMAT, checkpoint };
          terminal.stdout.write(`${JSON.stringify(file, undefined, 2)}\n`);
        }),
      ),
    );
  command
    .command('rotate-key')
    .description(
      'have the next checkpoint signed with a new key; /cairn/history/keys shows all that have signed something',
    )
    .action(() => withCheckpointKeys(loadEnvironment(terminal.env), (keys) => keys.forget()));
  return command;
};

/** @throws UsageError instead of CannotProve */
export const provable = async <Result>(proving: Promise<Result>): Promise<Result> => {
  try {
    return await proving;
  } catch (error) {
    if (error instanceof CannotProve) throw new UsageError(error.message);
    throw error;
  }
};
