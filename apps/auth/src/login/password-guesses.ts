import { Injectable } from '@nestjs/common';
import { clientOf } from '#platform/network-client.js';
import { RecentMap } from '#platform/recent-map.js';
import { GuessLimit } from './guess-limit.js';

const LOCK_MS = 60_000;
/** Wrong passwords for one name from one client. While they are locked, the right one is refused too. */
const OF_NAME_MAX = 10;
/** Wrong passwords from one client, for whatever names. */
const OF_CLIENT_MAX = 50;
/** Who logged in so recently is not locked out by others at the same address. */
const KNOWN_MS = 24 * 3600 * 1000;
/** Logins remembered for that at most. */
const KNOWN_MAX = 20_000;

/** Whose password is guessed, and the network address that the guess came from. */
export interface Guess {
  readonly username: string;
  readonly address: string;
}

/**
 * Limits wrong passwords, whatever the way to log in. They count for the client that sends them (see `clientOf`), so nobody can lock others out. Who
 * shares the address of somebody who guesses (a proxy, a campus) and logged in from there lately is not locked either.
 *
 * One client adds at most {@link OF_CLIENT_MAX} names before it is locked, so that it cannot push its own counts out of memory.
 */
@Injectable()
export class PasswordGuesses {
  private readonly ofNames = new GuessLimit({ max: OF_NAME_MAX, lockMs: LOCK_MS });
  private readonly ofClients = new GuessLimit({ max: OF_CLIENT_MAX, lockMs: LOCK_MS });
  /** When names logged in, by client. */
  private readonly knownMs = new RecentMap<number>(KNOWN_MAX);

  /**
   * Checks a password, unless too many were wrong.
   *
   * @param check returns false for a wrong password, undefined when the password could not be checked
   */
  async guess<Right>(
    { username, address }: Guess,
    check: () => Promise<Right | false | undefined>,
  ): Promise<Right | 'locked' | false | undefined> {
    const client = clientOf(address);
    const pair = `${client} ${username}`;
    const isKnown = this.isKnown(pair);
    if (!isKnown && this.ofClients.isLocked(client)) return 'locked';
    if (!this.ofNames.begin(pair)) return 'locked';
    const isCounted = this.ofClients.begin(client);
    let outcome: Right | false | undefined;
    try {
      return (outcome = await check());
    } finally {
      if (outcome !== false) {
        if (isCounted) this.ofClients.takeBack(client);
        if (outcome === undefined) this.ofNames.takeBack(pair);
        else this.succeeded(pair);
      }
    }
  }

  private isKnown(pair: string): boolean {
    const atMs = this.knownMs.get(pair);
    return atMs !== undefined && Date.now() - atMs < KNOWN_MS;
  }

  private succeeded(pair: string): void {
    this.ofNames.forget(pair);
    this.knownMs.set(pair, Date.now());
  }
}
