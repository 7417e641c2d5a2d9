import { Injectable } from '@nestjs/common';
import { FairShares } from '../login/fair-shares.js';

/** What anybody may have the provider store (device codes, sessions and logins that have not succeeded yet), and what nobody fetches, lives so long. */
export const ANONYMOUS_SECONDS = 600;

/** Such records in all; one client gets 1/21 of them. A record takes 1 to 10 kB. */
const SHARES = { places: 10_000, part: 0.05 };

/**
 * Bounds the records of clients that have not proved anything. The store drops them after {@link ANONYMOUS_SECONDS}. The count ends with the
 * process, so until then a restart allows as many again.
 */
@Injectable()
export class AnonymousRecords {
  private readonly shares = new FairShares(SHARES);
  /** In the order of their expiry, because all live equally long. */
  private readonly kept: { readonly client: string; readonly untilMs: number }[] = [];

  /** Reserves a place for a record; false when the client has too many. True obliges to {@link keep} or {@link giveBack}. */
  take(client: string): boolean {
    const nowMs = Date.now();
    for (let first = this.kept[0]; first !== undefined && first.untilMs <= nowMs; first = this.kept[0]) {
      this.kept.shift();
      this.shares.giveBack(first.client);
    }
    return this.shares.take(client);
  }

  /** The record was made. */
  keep(client: string): void {
    this.kept.push({ client, untilMs: Date.now() + ANONYMOUS_SECONDS * 1000 });
  }

  giveBack(client: string): void {
    this.shares.giveBack(client);
  }
}
