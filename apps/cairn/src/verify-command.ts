import { existsSync } from 'node:fs';
import { Command, Option } from 'commander';
import { type EventMetadata } from '#ledger/ledger.js';
import { faultOfProof, type ProofFault } from '#ledger/proof/event-proof.js';
import { faultSentence } from '#ledger/proof/fault-sentence.js';
import { type EventProof, readCheckpointFile, readEventProof, readPublicKeys } from '#ledger/proof/proof-files.js';
import { verifyExport } from '#ledger/proof/verify-export.js';
import { verifyLedger } from '#ledger/proof/verify-ledger.js';
import type { HistoryReport, VerifyOptions } from '#ledger/proof/verify-history.js';
import { formatTimestamp } from '#platform/clock.js';
import { loadEnvironment } from '#platform/environment.js';
import { EXIT, repeated, type Terminal, UsageError } from './command-line.js';
import { existingLedger } from './existing-ledger.js';
import { readProofFile } from './read-proof-file.js';

const PROOF_FAULTS: Readonly<Record<ProofFault, string>> = {
  event: 'the event was changed',
  'event path': 'it does not show that the event is in its stream',
  'head path': 'it does not show that the stream is in the checkpoint',
  signature: 'the checkpoint was changed since it was signed',
  key: 'the checkpoint was signed by another key',
};

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const reportLines = ({ events, streams, checkpoints, keys, rewrites, faults }: HistoryReport): readonly string[] => [
  ...faults.map(faultSentence),
  ...rewrites.map(
    ({ pseudonym, events: rewritten }) =>
      `a name was replaced by ${pseudonym} in ${counted(rewritten, 'event')}, as is recorded`,
  ),
  ...keys.map((key) => `checkpoints are signed by the key ${key}`),
  `${counted(events, 'event')} in ${counted(streams, 'stream')}${
    checkpoints === 0 ? '' : `, ${counted(checkpoints, 'checkpoint')}`
  }: ${faults.length === 0 ? 'whole' : 'broken'}`,
];

const proofLines = ({ event, checkpoint }: EventProof, fault: ProofFault | undefined): readonly string[] => {
  if (fault !== undefined) return [`the proof does not hold: ${PROOF_FAULTS[fault]}`];
  const { timeMicros, actor } = JSON.parse(event.metadata) as EventMetadata;
  return [
    `event ${event.revision} of ${event.stream} (${event.id}): ${event.type} by ${actor} at ${formatTimestamp(timeMicros)}Z`,
    `is covered by checkpoint ${checkpoint.number} of ${checkpoint.time}, signed by the key ${checkpoint.key}`,
  ];
};

interface Options {
  readonly checkpoint?: readonly string[];
  readonly key?: string;
  readonly proof?: string;
  readonly export?: string;
}

/** `cairn verify` */
export const verifyCommand = (terminal: Terminal): Command =>
  new Command('verify')
    .description(
      `Follows the chain of hashes of every stream in the ledger (CAIRN_DATA_DIR, EVENTSTORE_URL), compares the ledger with the checkpoints that
it holds and with those that are given, and names what does not fit. It may run beside Cairn. That the newest events were cut
off is noticed only by a checkpoint that was kept elsewhere ('cairn checkpoint export').`,
    )
    .option('--checkpoint <file>', 'a checkpoint that was exported; may be repeated', repeated)
    .option('--key <file>', 'the public keys that are trusted, as /cairn/history/keys shows them; by default any')
    .addOption(
      new Option('--proof <file>', "checks this proof of one event ('cairn prove') instead; needs no ledger").conflicts(
        'checkpoint',
      ),
    )
    .addOption(
      new Option('--export <file>', "checks this export ('cairn export') instead of the ledger").conflicts('proof'),
    )
    .action(async ({ checkpoint = [], key, proof, export: exported }: Options) => {
      const write = (lines: readonly string[]): unknown => terminal.stdout.write(`${lines.join('\n')}\n`);
      const keys = key === undefined ? undefined : readProofFile(key, readPublicKeys);
      if (proof !== undefined) {
        const read = readProofFile(proof, readEventProof);
        const fault = faultOfProof(read, keys);
        write(proofLines(read, fault));
        if (fault !== undefined) terminal.exitCode = EXIT.failed;
        return;
      }
      if (exported !== undefined && !existsSync(exported)) throw new UsageError(`there is no file ${exported}`);
      const options: VerifyOptions = {
        checkpoints: checkpoint.map((file) => readProofFile(file, readCheckpointFile)),
        ...(keys && { keys }),
      };
      const report =
        exported === undefined
          ? await verifyLedger(existingLedger(loadEnvironment(terminal.env)), options)
          : await verifyExport(exported, options);
      write(reportLines(report));
      if (report.faults.length > 0) terminal.exitCode = EXIT.failed;
    });
