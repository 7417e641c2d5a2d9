/** Tokens of an account that were issued until a time are refused. */
export interface Revocation {
  /** Unique name of the account (see `Identity.subject`). */
  readonly subject: string;
  /** Milliseconds since the Unix epoch. */
  readonly revokedAtMs: number;
}

/** Knows which tokens have been revoked. */
export interface RevocationSource {
  /** Whether tokens of the account that were issued at this time (milliseconds) have been revoked, as far as is known. */
  isRevoked(subject: string, tokenIssuedAtMs: number): boolean;
  /** Whether enough is known to accept a token. */
  isCurrent(): boolean;
  /** Tries to become current. Never rejects. */
  refresh(): Promise<void>;
}

/** The latest revocation of each account, in memory. It holds one entry for each account that ever lost something. */
export class Revocations {
  private readonly revokedAtMs = new Map<string, number>();

  add({ subject, revokedAtMs }: Revocation): void {
    if (revokedAtMs > (this.revokedAtMs.get(subject) ?? Number.NEGATIVE_INFINITY)) {
      this.revokedAtMs.set(subject, revokedAtMs);
    }
  }

  isRevoked(subject: string, tokenIssuedAtMs: number): boolean {
    const revokedAtMs = this.revokedAtMs.get(subject);
    return revokedAtMs !== undefined && tokenIssuedAtMs <= revokedAtMs;
  }
}
