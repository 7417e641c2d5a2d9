import { randomUUID } from 'node:crypto';
import { DomainError } from '#platform/domain-error.js';
import type { Page } from '#bus/contract.js';
import type { Position } from '#ledger/ledger.js';
import { PageBuilder } from './page-builder.js';
import type { HeldAnswer, Snapshot, Snapshots } from './snapshots.js';

/** A chunk of large entries ends when it is so long: pages are made of whole chunks, and each is one message. */
export const CHUNK_CHARACTERS_MAX = 64 * 1024;

/** Some entries of an answer, few enough to be made without a pause. */
export interface Chunk<Entry = string> {
  /** May be empty: a page may then end although nothing was found. */
  readonly entries: readonly Entry[];
  /** Of a list that a client has limited: where it goes on behind these entries. */
  readonly after?: string | undefined;
  /** A page ends with these entries, though it may not be full. */
  readonly endsPage?: boolean;
}

/**
 * The chunks of an answer, made while they are read. Returns where a limited list goes on behind the last of them; nothing
 * when nothing follows.
 */
export type Chunks<Entry = string> = AsyncGenerator<Chunk<Entry>, string | undefined, void>;

/** A page of an answer that is made from a snapshot. */
export interface SnapshotPage<Entry = string> extends Page<Entry> {
  readonly after?: string;
  /** The answer shows everything up to here. */
  readonly position: Position;
}

interface Registration {
  readonly snapshots: Snapshots;
  readonly drop: () => void;
}

const gone = (): DomainError => new DomainError('unavailable', 'answer.gone', 'The answer is gone, ask again');

const noRoom = (): DomainError => new DomainError('unavailable', 'answers.too-many', 'server overloaded');

/** An answer in progress. */
class OpenAnswer<Entry> implements HeldAnswer {
  idleSinceMs: number | undefined;
  private number = 0;
  private current: Promise<SnapshotPage<Entry> | DomainError> | undefined;
  private after: string | undefined;
  private ended = false;

  constructor(
    private readonly token: string,
    private readonly chunks: Chunks<Entry>,
    private readonly snapshot: Snapshot,
    private readonly lengthOf: (entry: Entry) => number,
    private readonly registration: Registration,
  ) {}

  /** A page that is asked for again, because its answer did not arrive, is the same. */
  page(number: number): Promise<SnapshotPage<Entry> | DomainError> {
    if (number === this.number && this.current !== undefined) return this.current;
    if (this.ended || number !== this.number + 1 || this.idleSinceMs === undefined) return Promise.resolve(gone());
    this.number = number;
    return (this.current = this.make());
  }

  first(): Promise<SnapshotPage<Entry> | DomainError> {
    return (this.current = this.make());
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.registration.drop();
    // A page in the making ends first.
    void this.chunks.return(undefined).finally(() => this.registration.snapshots.release(this.snapshot));
  }

  private async make(): Promise<SnapshotPage<Entry> | DomainError> {
    this.idleSinceMs = undefined;
    const page = new PageBuilder<Entry>();
    let isEnded = false;
    try {
      while (!page.isFull && !isEnded) {
        const step = await this.chunks.next();
        // What was ended is not the end of the list.
        if (this.ended) return gone();
        if (step.done === true) {
          this.after = step.value;
          this.end();
          return this.shown(page.page());
        }
        for (const entry of step.value.entries) page.add(entry, this.lengthOf(entry));
        this.after = step.value.after;
        isEnded = step.value.endsPage ?? false;
      }
    } catch (error) {
      this.end();
      if (error instanceof DomainError) return error;
      throw error;
    }
    this.idleSinceMs = this.registration.snapshots.nowMs();
    return this.shown(page.page(`${this.token}:${this.number + 1}`));
  }

  private shown(page: Page<Entry>): SnapshotPage<Entry> {
    const { after } = this;
    const { position } = this.snapshot;
    return after === undefined ? { ...page, position } : { ...page, after, position };
  }
}

/**
 * Answers of several pages, each made from one snapshot: whatever changes meanwhile, an answer shows one state. What an
 * answer needs to go on is held here and named by the cursor.
 */
export class PagedAnswers<Entry = string> {
  private readonly open = new Map<string, OpenAnswer<Entry>>();

  constructor(
    private readonly snapshots: Snapshots,
    /** Characters of an entry, which bound a page. */
    private readonly lengthOf: (entry: Entry) => number,
  ) {}

  /**
   * The first page, or the one that a cursor names.
   *
   * @param begin makes the chunks of the answer; called for the first page only. A `DomainError` that
   *   the chunks throw is the answer
   */
  async page(
    cursor: string | undefined,
    begin: (snapshot: Snapshot) => Chunks<Entry> | DomainError,
  ): Promise<SnapshotPage<Entry> | DomainError> {
    if (cursor !== undefined) {
      const [token = '', number] = cursor.split(':');
      return this.open.get(token)?.page(Number(number)) ?? gone();
    }
    const snapshot = await this.snapshots.take();
    let chunks: Chunks<Entry> | DomainError | undefined;
    try {
      chunks = begin(snapshot);
      if (chunks instanceof DomainError) return chunks;
    } finally {
      if (chunks === undefined || chunks instanceof DomainError) this.snapshots.release(snapshot);
    }
    return this.begin(chunks, snapshot);
  }

  private async begin(chunks: Chunks<Entry>, snapshot: Snapshot): Promise<SnapshotPage<Entry> | DomainError> {
    const token = randomUUID();
    const answer: OpenAnswer<Entry> = new OpenAnswer(token, chunks, snapshot, this.lengthOf, {
      snapshots: this.snapshots,
      drop: () => {
        this.open.delete(token);
        this.snapshots.drop(answer);
      },
    });
    const page = await answer.first();
    if (page instanceof DomainError || page.next === undefined) return page;
    if (!this.snapshots.hold(answer)) {
      answer.end();
      return noRoom();
    }
    this.open.set(token, answer);
    return page;
  }
}

/** Answers whose entries are texts. */
export const textPages = (snapshots: Snapshots): PagedAnswers => new PagedAnswers(snapshots, ({ length }) => length);
