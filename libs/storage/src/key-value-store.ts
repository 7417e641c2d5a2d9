/**
 * What a resolved write has survived: `disk` also a power failure, `process` the end of this process (`kill -9`) but
 * perhaps not of the machine. The cheaper one is for answers of commands and logins that have begun: see ADR 0007.
 */
export type Durability = 'disk' | 'process';

export interface KeyValueEntry {
  readonly key: string;
  readonly value: string;
  /** Milliseconds since the Unix epoch from which on the entry is gone; without it the entry stays. */
  readonly expiresAtMs?: number;
}

/**
 * Durable state of one service that is not history and cannot be rebuilt: accounts, logins, sealed credentials, first answers
 * of commands. Part of a backup. An abstract class, so that it is its own Nest token.
 */
export abstract class KeyValueStore {
  /** Expired entries read as absent, whether or not they have been swept. */
  abstract get(key: string): Promise<string | undefined>;

  /** Those of `keys` that are present. */
  abstract getAll(keys: readonly string[]): Promise<ReadonlyMap<string, string>>;

  /** Replaces value and expiry. */
  abstract put(
    key: string,
    value: string,
    options?: { readonly expiresAtMs?: number; readonly durability?: Durability },
  ): Promise<void>;

  /** Puts all entries or none. */
  abstract putAll(entries: readonly KeyValueEntry[], durability?: Durability): Promise<void>;

  /** Deleting what is absent is fine. */
  abstract delete(key: string): Promise<void>;

  /** Present entries whose keys start with `prefix`, ordered by key, at most `limit`, behind the key `after`. */
  abstract list(
    prefix: string,
    options?: { readonly after?: string; readonly limit?: number },
  ): Promise<readonly KeyValueEntry[]>;

  abstract close(): Promise<void>;
}
