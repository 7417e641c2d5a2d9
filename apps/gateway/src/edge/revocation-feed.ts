import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import { ListRevocations, type RevocationCursor } from '#contracts/tokens.js';
import { Log } from '#platform/logging.js';
import { roundsReportingFirst } from '#platform/rounds.js';
import { type RevocationSource, Revocations } from '#platform/tokens/revocations.js';
import { ownContext } from './own-context.js';

/** How often `auth` is asked: a token is refused so soon after its revocation. */
const POLL_MS = 1_000;
/** Revocations that are older are not relied on. While `auth` is down nobody can revoke anything, so this may be long. */
const AGE_MAX_MS = 300_000;

/**
 * A copy of the revocations that `auth` has recorded. It is not current before the first answer, and when there was none for a long
 * time; tokens cannot be accepted then.
 */
@Injectable()
export class RevocationFeed implements RevocationSource, OnApplicationBootstrap, OnApplicationShutdown {
  private readonly revocations = new Revocations();
  private readonly rounds = roundsReportingFirst(
    () => this.fetch(),
    (error) => this.log.warn({ error }, 'Revocations not available'),
  );
  private cursor: RevocationCursor | undefined;
  private refreshedAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly bus: Bus,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.rounds.start(POLL_MS, 0);
  }

  onApplicationShutdown(): void {
    // Nothing depends on an answer that is still awaited.
    void this.rounds.stop();
  }

  isRevoked(subject: string, tokenIssuedAtMs: number): boolean {
    return this.revocations.isRevoked(subject, tokenIssuedAtMs);
  }

  isCurrent(): boolean {
    return performance.now() - this.refreshedAtMs < AGE_MAX_MS;
  }

  /** Gets what is new. Never rejects: {@link isCurrent} says whether the copy can be relied on. */
  refresh(): Promise<void> {
    return this.rounds.begin();
  }

  private async fetch(): Promise<void> {
    for (;;) {
      const askedAtMs = performance.now();
      const request = this.cursor === undefined ? {} : { cursor: this.cursor };
      const reply = await this.bus.request(ListRevocations, request, ownContext('gateway-revocations'));
      for (const revocation of reply.revocations) this.revocations.add(revocation);
      this.cursor = reply.cursor;
      if (!reply.isLast) continue;
      this.refreshedAtMs = askedAtMs;
      return;
    }
  }
}
