/** Tokens of an account that were issued until a time are refused. */
export interface Revocation {
  /** Unique name of the account (see `Identity.subject`). */
  readonly subject: string;
  /** Milliseconds since the Unix epoch. */
  readonly revokedAtMs: number;
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
