/** Place of an event in the whole ledger: grows with every event, otherwise opaque. 0 is before the first event. */
export type Position = number;

export const START: Position = 0;

/** The stream must not exist yet. Otherwise appends name the number of the stream's last event (the first is 0). */
export const NO_STREAM = -1;

/** No event's data and metadata together pass this size; larger documents go to the blob store. */
export const EVENT_BYTES_MAX = 256 * 1024;

/** No single append passes this size; a larger change is a staged batch (`staged-batch.ts`). */
export const APPEND_BYTES_MAX = 1024 * 1024;

/** What is known of an event besides its data. Fixed before the first attempt to append and re-sent unchanged. */
export interface EventMetadata {
  /** Microseconds since the Unix epoch, UTC. */
  readonly timeMicros: number;
  /** Unique name of the account (user or service) on whose behalf the change was made. */
  readonly actor: string;
  /** The external issuer (URL) that vouched for the actor; absent for Cairn's own accounts. */
  readonly issuer?: string;
  readonly dialect: string;
  readonly correlationId: string;
  /** The command that caused the event, or the event that caused a reaction. */
  readonly causationId: string;
  readonly schemaVersion: number;
  /** Present on the parts of a staged batch: they take effect with its `BatchSealed`. */
  readonly batch?: { readonly id: string; readonly part: number };
}

/** An event to be appended. `id` is a UUIDv5 of (command id, index), so that a repeat is recognized. */
export interface NewEvent {
  readonly id: string;
  /** Past-tense fact: `UnitClaimed`. */
  readonly type: string;
  /** Serialized once with `JSON.stringify`: it must not change after. User documents inside are strings of raw JSON. */
  readonly data: object;
  readonly metadata: EventMetadata;
}

/** An event as the ledger keeps it. `data` and `metadata` are the exact texts stored, over which `hash` was made. */
export interface RecordedEvent {
  readonly position: Position;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
  /** SHA-256 (hex) of previous hash, stream, revision, type, id, data and metadata: see `hash-chain.ts`. */
  readonly hash: string;
}

/** An event as another ledger recorded it. Its texts and its hash are taken over as they are. */
export interface TransferredEvent extends Omit<RecordedEvent, 'position'> {
  /** Its texts were replaced after it was recorded (`rewrites.ts`), so they do not give its hash. */
  readonly isRewritten?: boolean;
}

export interface Appended {
  /** Number of the stream's last event after the append. */
  readonly revision: number;
  /** Position of the last event appended. */
  readonly position: Position;
}

export interface ReadStreamOptions {
  /** First revision to read; by default the first (forwards) or the last (backwards). */
  readonly from?: number;
  readonly direction?: 'forwards' | 'backwards';
  readonly limit?: number;
}

export interface ReadAllOptions {
  /** Only events behind this position; default {@link START}. */
  readonly after?: Position;
  /** Only streams whose name starts with one of these, such as `work-`. */
  readonly streamPrefixes?: readonly string[];
}

export interface SubscribeOptions extends ReadAllOptions {
  /** Ends the iteration when aborted. */
  readonly signal?: AbortSignal;
}

/** A slice of the ledger, in order. */
export interface Batch {
  readonly events: readonly RecordedEvent[];
  /** Everything up to here that passes the filter has been delivered, in this and the earlier batches. */
  readonly upTo: Position;
}

/**
 * The one place where facts are kept. Order within a stream is total, positions are monotonic. What `append` resolved
 * with is on disk. An abstract class, so that it is its own Nest token.
 */
export abstract class Ledger {
  /** Whether it shows what once was: what is made from it is thrown away. */
  readonly isOver: boolean = false;

  /**
   * Appends all events or none.
   * Repeating an append whose events (by id) are already at `expected + 1 ...` resolves as the first time.
   *
   * @throws RevisionConflict, EventTooLarge, AppendTooLarge, OutcomeUnknown (see `errors.ts`)
   */
  abstract append(stream: string, expectedRevision: number, events: readonly NewEvent[]): Promise<Appended>;

  /**
   * Appends events that another ledger has recorded, of any streams, in this order; at most some {@link APPEND_BYTES_MAX} at once.
   * When it fails, nothing is appended or only a beginning of them (a SQLite ledger takes all or none).
   *
   * @returns position of the last one
   * @throws TransferRefused when an event does not follow the last one of its stream; OutcomeUnknown, LedgerUnavailable
   */
  abstract appendRecorded(events: readonly TransferredEvent[]): Promise<Position>;

  /** An unknown stream reads as empty. */
  abstract readStream(stream: string, options?: ReadStreamOptions): Promise<readonly RecordedEvent[]>;

  /** The event at a position that the ledger has given; undefined when there is none. */
  abstract eventAt(position: Position): Promise<RecordedEvent | undefined>;

  /** Everything in the ledger up to its head, as it is when the reading gets there. */
  abstract readAll(options?: ReadAllOptions): AsyncIterable<Batch>;

  /** Catches up, then follows; misses and repeats nothing. Ends only by `signal` or `close`. */
  abstract subscribe(options?: SubscribeOptions): AsyncIterable<Batch>;

  /** Position of the last event. */
  abstract head(): Promise<Position>;

  /**
   * Looks at once for events of other processes, which subscriptions would otherwise find a little later. Somebody waits until
   * subscriptions have got to the position `awaited`, whether or not they want the event there.
   */
  abstract pollNow(awaited: Position): void;

  /** Makes the connection of subscriptions anew, for when it is in doubt. */
  reconnect(): void {
    // A ledger in a file has no connection.
  }

  abstract close(): Promise<void>;
}
