import { DomainError } from '#platform/domain-error.js';
import type { Ledger } from '#ledger/ledger.js';
import type { ListOptions } from '#contracts/lists.js';

/**
 * Refuses to list the changes since a position that the ledger has not reached. A client has such a position from before a
 * backup was restored; an empty list would hide all changes until the ledger gets there.
 */
export const refuseFuturePosition = async (
  ledger: Ledger,
  { changed_since: since, cursor }: ListOptions,
): Promise<DomainError | undefined> => {
  if (cursor !== undefined || since === undefined || 'micros' in since) return undefined;
  if (since.position <= (await ledger.head())) return undefined;
  return new DomainError(
    'invalid',
    'changed-since.future',
    'changed_since is beyond the end of the history: use a time, or leave it out',
  );
};
