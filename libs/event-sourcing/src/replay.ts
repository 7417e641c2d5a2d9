import type { Ledger, RecordedEvent } from '#ledger/ledger.js';
import { BATCH_SEALED, isBatchPart, readSealedParts } from '#ledger/staged-batch.js';
import type { Dispatcher } from './dispatcher.js';
import { cursorAt, type HistoryCursor } from './history-cursor.js';
import { isStorageError } from './sqlite-errors.js';
import type { ModelFile } from './model-file.js';
import type { Slices } from './slices.js';

/** An event that made a projection throw; it is skipped from then on, so that one fault does not stop a service. */
export class EventRefused extends Error {
  override readonly name = 'EventRefused';

  constructor(
    readonly stream: string,
    readonly revision: number,
    override readonly cause: unknown,
  ) {
    super(`A projection failed on event ${revision} of ${stream}`);
  }
}

const refusalOf = ({ stream, revision }: RecordedEvent, error: unknown): unknown =>
  isStorageError(error) ? error : new EventRefused(stream, revision, error);

const eventKey = (stream: string, revision: number): string => `${stream}@${revision}`;

/**
 * Applies events as the ledger holds them, inside a transaction: each once, though the mailbox may have applied it already,
 * and those of a staged batch when its seal comes.
 */
export class Replay {
  private readonly skipped = new Set<string>();
  private flushesEach = false;

  constructor(
    private readonly file: ModelFile,
    private readonly dispatcher: Dispatcher,
    private readonly ledger: Ledger,
  ) {}

  /** @throws EventRefused */
  async apply(events: readonly RecordedEvent[], slices: Slices): Promise<void> {
    for (const event of events) {
      const { stream, revision } = event;
      if (revision <= this.file.revisionOf(stream)) continue;
      this.file.setRevision(stream, revision, event.id);
      this.file.setPosition(stream, event.position);
      const isPart = isBatchPart(event);
      this.file.setUnsealed(stream, isPart);
      if (isPart) continue;
      const work = event.type === BATCH_SEALED ? this.applyParts(event, slices) : this.applyOne(event, slices);
      if (work !== undefined) await work;
      if (slices.spent) await slices.pause();
    }
  }

  /**
   * Writes what projections have kept for the end of the transaction. When that throws, nobody knows for which event: until all of them are
   * written, each is written by itself, so that the one is found and refused.
   */
  flush(): void {
    try {
      this.dispatcher.flush();
      this.flushesEach = false;
    } catch (error) {
      this.flushesEach ||= !isStorageError(error);
      throw error;
    }
  }

  /** From now on goes on without the event. */
  skip({ stream, revision }: EventRefused): void {
    this.skipped.add(eventKey(stream, revision));
  }

  private async applyParts(sealed: RecordedEvent, slices: Slices): Promise<void> {
    let number = 0;
    for await (const page of readSealedParts(this.ledger, sealed)) {
      for (const part of page) {
        number += 1;
        await this.applyOne(part, slices, cursorAt(sealed.position, number));
        if (slices.spent) await slices.pause();
      }
    }
  }

  /** Nothing to wait for most of the time. */
  private applyOne(event: RecordedEvent, slices: Slices, sealed?: HistoryCursor): Promise<void> | undefined {
    if (!this.dispatcher.wants(event.stream, event.type)) return undefined;
    if (this.skipped.size > 0 && this.skipped.has(eventKey(event.stream, event.revision))) return undefined;
    let work: Generator<void, void, void> | undefined;
    try {
      work = this.dispatcher.apply(this.dispatcher.replayed(event, sealed));
      if (work === undefined && this.flushesEach) this.dispatcher.flush();
    } catch (error) {
      throw refusalOf(event, error);
    }
    return work && this.driveOne(event, work, slices);
  }

  private async driveOne(event: RecordedEvent, work: Generator<void, void, void>, slices: Slices): Promise<void> {
    try {
      await slices.drive(work);
      if (this.flushesEach) this.dispatcher.flush();
    } catch (error) {
      throw refusalOf(event, error);
    }
  }
}
