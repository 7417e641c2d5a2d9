import type { Provider } from '@nestjs/common';
import { Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { readModelFile } from '#event-sourcing/read-model-file.js';
import { Ledger } from '#ledger/ledger.js';
import { CheckpointKeys } from './checkpoint-keys.js';
import { CheckpointSigner } from './checkpoint-signer.js';
import { HistoryVerification } from './history-verification.js';
import { ProofIndex } from './proof-index.js';

/** What signs checkpoints and verifies the history. */
export const proofProviders: readonly Provider[] = [
  {
    provide: ProofIndex,
    inject: [Environment, Ledger, Log],
    useFactory: ({ CAIRN_DATA_DIR: folder }: Environment, ledger: Ledger, log: Log) =>
      ProofIndex.open(readModelFile(folder, 'proof'), ledger, log),
  },
  CheckpointKeys,
  CheckpointSigner,
  HistoryVerification,
];
