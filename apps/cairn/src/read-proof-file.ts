import { readFileSync } from 'node:fs';
import { ProofFileInvalid } from '#ledger/proof/proof-files.js';
import { UsageError } from './command-line.js';

/**
 * What a file of checkpoints, keys or proofs holds.
 *
 * @throws UsageError when it cannot be read
 */
export const readProofFile = <Content>(file: string, read: (text: string) => Content): Content => {
  try {
    return read(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof ProofFileInvalid) throw new UsageError(`${file}: ${error.message}`);
    if (error instanceof Error && 'syscall' in error) throw new UsageError(`${file} cannot be read: ${error.message}`);
    throw error;
  }
};
