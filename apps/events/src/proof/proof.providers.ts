import { join } from 'node:path';
import type { Provider } from '@nestjs/common';
import { Environment } from '#platform/environment.js';
import { Ledger } from '#ledger/ledger.js';
import { CheckpointKeys } from './checkpoint-keys.js';
import { CheckpointSigner } from './checkpoint-signer.js';
import { HistoryVerification } from './history-verification.js';
import { ProofIndex } from './proof-index.js';

/** What signs checkpoints and verifies the history. */
export const proofProviders: readonly Provider[] = [
  {
    provide: ProofIndex,
    inject: [Environment, Ledger],
    useFactory: ({ CAIRN_DATA_DIR: folder }: Environment, ledger: Ledger) =>
      ProofIndex.open(join(folder, 'read-models', 'proof.sqlite'), ledger),
  },
  CheckpointKeys,
  CheckpointSigner,
  HistoryVerification,
];
