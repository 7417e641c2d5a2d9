import { Injectable } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import type { MessageContext } from '#bus/contract.js';
import { entriesUnder } from '#storage/entries-under.js';
import { KeyValueStore } from '#storage/key-value-store.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { tokensRevoked } from '../user/change-user.js';

const PREFIX = 'revoked/';

/** Asks the auth service to revoke what was issued to a user until now; also while it is down. */
export const requestRevocation = (keyValueStore: KeyValueStore, username: string): Promise<void> =>
  keyValueStore.put(PREFIX + username, String(Date.now()));

/** Records the revocations that operators asked for by command line, beside the running service. */
@Injectable()
export class OperatorRevocations {
  constructor(
    private readonly keyValueStore: KeyValueStore,
    private readonly mailbox: Mailbox,
  ) {}

  async record({ correlationId, deadlineMs, dialect, caller }: MessageContext): Promise<void> {
    for await (const { key, value } of entriesUnder(this.keyValueStore, PREFIX)) {
      const answer = await this.mailbox.execute({
        context: { correlationId, deadlineMs, dialect, caller },
        timeMicros: nowMicros(),
        decide: () => ({ events: [tokensRevoked(key.slice(PREFIX.length), Number(value))], reply: {} }),
      });
      if (!('error' in answer)) await this.keyValueStore.delete(key);
    }
  }
}
