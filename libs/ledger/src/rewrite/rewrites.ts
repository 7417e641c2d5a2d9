import { hash } from 'node:crypto';
import { objectIn } from '#platform/json-object.js';
import { eventHash } from '../hash-chain.js';
import type { TransferredEvent } from '../ledger.js';
import { type CheckpointKey, isSigned, keyIdOf } from '../proof/checkpoint.js';
import type { EventSource } from '../proof/event-source.js';
import { ref, streamName } from '../ref.js';

/** Where it is recorded that texts of events were replaced. */
export const REWRITES_STREAM = streamName('directory', ref('cairn', 'main', 'rewrites'));
export const EVENTS_REWRITTEN = 'EventsRewritten';

/** Says of which events the texts were replaced. Everything else of them, their hashes above all, is as it was. */
export interface Rewrite {
  /** From 1 on, without gaps. */
  readonly number: number;
  /** What stands in the place of a name. */
  readonly pseudonym: string;
  /** Numbers of the events in the order of the ledger, from 1 on: ranges, both ends included, ascending. */
  readonly events: readonly (readonly [first: number, last: number])[];
  /** {@link sealOf} of each of them, one after the other, in base64. */
  readonly seals: string;
}

export interface SignedRewrite extends Rewrite {
  /** `x` of the public JWK: Ed25519, base64url. */
  readonly public_key: string;
  /** Ed25519 over {@link rewriteText}, base64url. */
  readonly signature: string;
}

/** How many events there are in ranges. */
export const countIn = (ranges: Rewrite['events']): number =>
  ranges.reduce((count, [first, last]) => count + last - first + 1, 0);

/** What is signed. */
export const rewriteText = ({ number, pseudonym, events, seals }: Rewrite): string =>
  [
    'cairn rewrite 1',
    `number ${number}`,
    `pseudonym ${pseudonym}`,
    `events ${events.map(([first, last]) => `${first}-${last}`).join(' ')}`,
    `seals ${hash('sha256', seals)}`,
    '',
  ].join('\n');

export const signRewrite = (rewrite: Rewrite, key: CheckpointKey): SignedRewrite => ({
  ...rewrite,
  ...key.signText(rewriteText(rewrite)),
});

const SEAL_BYTES = 32;

/** Binds the texts that an event has now to the hash of those that were recorded, which the chain holds. */
export const sealOf = (event: TransferredEvent): Buffer => Buffer.from(eventHash(event.hash, event), 'hex');

const isRanges = (value: unknown): value is Rewrite['events'] =>
  Array.isArray(value) &&
  value.every(
    (range: unknown) => Array.isArray(range) && range.length === 2 && range.every((end) => Number.isSafeInteger(end)),
  );

/** The record in the data of an event; undefined when it is none that somebody has signed. */
export const readRewrite = (data: string): SignedRewrite | undefined => {
  const { number, pseudonym, events, seals, public_key, signature } = objectIn(data) ?? {};
  if (typeof number !== 'number' || typeof pseudonym !== 'string' || typeof seals !== 'string') return undefined;
  if (typeof public_key !== 'string' || typeof signature !== 'string' || !isRanges(events)) return undefined;
  const rewrite = { number, pseudonym, events, seals, public_key, signature };
  return isSigned(rewriteText(rewrite), public_key, signature) ? rewrite : undefined;
};

/** A record, made ready to be searched. */
interface Sealed {
  readonly rewrite: SignedRewrite;
  readonly seals: Buffer;
  /** How many events the ranges before each range have. */
  readonly before: readonly number[];
}

const sealed = (rewrite: SignedRewrite): Sealed => {
  let count = 0;
  const before = rewrite.events.map(([first, last]) => {
    count += last - first + 1;
    return count - (last - first + 1);
  });
  return { rewrite, seals: Buffer.from(rewrite.seals, 'base64'), before };
};

const sealIn = ({ rewrite: { events }, seals, before }: Sealed, number: number): Buffer | undefined => {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((events[middle]?.[1] ?? 0) < number) low = middle + 1;
    else high = middle;
  }
  const [first] = events[low] ?? [Infinity];
  if (number < first) return undefined;
  const at = ((before[low] ?? 0) + number - first) * SEAL_BYTES;
  return seals.subarray(at, at + SEAL_BYTES);
};

/** All that a ledger records of rewritten events. Holds some 40 bytes for each of them. */
export class Rewrites {
  private readonly latestFirst: readonly Sealed[];

  private constructor(
    /** The records that count. */
    readonly records: readonly SignedRewrite[],
    /** How many records are not signed, or not by a key that is trusted: they count for nothing. */
    readonly refused: number,
  ) {
    this.latestFirst = records.map(sealed).reverse();
  }

  /** @param keys public keys (`x`) that are trusted; without them, whatever keys the records name */
  static async in(source: EventSource, keys?: readonly string[]): Promise<Rewrites> {
    const records: SignedRewrite[] = [];
    let refused = 0;
    for await (const events of source.ofStream(REWRITES_STREAM)) {
      for (const { type, data, revision } of events) {
        if (type !== EVENTS_REWRITTEN) continue;
        const rewrite = readRewrite(data);
        // One that was copied to another place is not what was signed.
        const counts = rewrite?.number === revision + 1 && (keys === undefined || keys.includes(rewrite.public_key));
        if (counts) records.push(rewrite);
        else refused += 1;
      }
    }
    return new Rewrites(records, refused);
  }

  /** Ids of the keys that have signed the records. */
  get keys(): readonly string[] {
    return [...new Set(this.records.map(({ public_key: x }) => keyIdOf(x)))];
  }

  /**
   * Whether it is recorded that the event, whose texts do not give its hash, has these texts now. If it was rewritten several times, only the
   * last counts.
   *
   * @param number in the order of the ledger, from 1 on
   */
  readonly isRewritten = (number: number, event: TransferredEvent): boolean =>
    this.recordOf(number, event) !== undefined;

  /** The record that says so. */
  recordOf(number: number, event: TransferredEvent): SignedRewrite | undefined {
    const { rewrite, seal } = this.latestOf(number) ?? {};
    return seal?.equals(sealOf(event)) === true ? rewrite : undefined;
  }

  /** Whether an event that was read at some time has other texts now. */
  isOutdated(number: number, event: TransferredEvent): boolean {
    return this.latestOf(number)?.seal.equals(sealOf(event)) === false;
  }

  /** The last record about an event, and what it says of it. */
  private latestOf(number: number): { readonly rewrite: SignedRewrite; readonly seal: Buffer } | undefined {
    for (const record of this.latestFirst) {
      const seal = sealIn(record, number);
      if (seal !== undefined) return { rewrite: record.rewrite, seal };
    }
    return undefined;
  }
}

/** Whether a record says that an event has these texts now. */
export const doesSeal = (rewrite: SignedRewrite, number: number, event: TransferredEvent): boolean =>
  sealIn(sealed(rewrite), number)?.equals(sealOf(event)) === true;
