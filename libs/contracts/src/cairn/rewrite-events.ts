/** What is recorded in `REWRITES_STREAM`. */
export interface RewriteEvents {
  /**
   * A person's name was replaced by a pseudonym in the texts of these events. Their hashes, and everything else of them, are as they were. The
   * record is signed, so that nobody else can say so of an event.
   */
  readonly EventsRewritten: {
    /** From 1 on. */
    readonly number: number;
    /** What stands in the place of the name. */
    readonly pseudonym: string;
    /** Numbers of the events in the order of the ledger, from 1 on: ranges, both ends included. */
    readonly events: readonly (readonly [first: number, last: number])[];
    /** For each of them, SHA-256 that binds its hash to the texts that it has now: one after the other, in base64. */
    readonly seals: string;
    /** Public half of the key that has signed the record, which is that of checkpoints: `x` of an Ed25519 JWK. */
    readonly public_key: string;
    /** Ed25519 over the text of the record, in base64url. */
    readonly signature: string;
  };
}
