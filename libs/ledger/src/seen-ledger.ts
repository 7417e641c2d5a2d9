import { LedgerUnavailable } from './errors.js';
import {
  type Appended,
  type Batch,
  Ledger,
  type Position,
  type ReadAllOptions,
  type ReadStreamOptions,
  type RecordedEvent,
  type SubscribeOptions,
  type TransferredEvent,
} from './ledger.js';

/**
 * A ledger as far as somebody has read each of its streams, who need not have read them in the order of the ledger. It takes no events, and is
 * read once: subscriptions end where the reading ends.
 */
export class SeenLedger extends Ledger {
  /**
   * @param ledger stays open when this one is closed
   * @param revisions number of the last event of each stream that was read; others were not
   */
  constructor(
    private readonly ledger: Ledger,
    private readonly revisions: ReadonlyMap<string, number>,
  ) {
    super();
  }

  override append(stream: string): Promise<Appended> {
    return Promise.reject(refusal(stream));
  }

  override appendRecorded([first]: readonly TransferredEvent[]): Promise<Position> {
    return Promise.reject(refusal(first?.stream ?? ''));
  }

  override async readStream(stream: string, options: ReadStreamOptions = {}): Promise<readonly RecordedEvent[]> {
    const last = this.revisions.get(stream);
    if (last === undefined) return [];
    if (options.direction !== 'backwards') return (await this.ledger.readStream(stream, options)).filter(this.isSeen);
    return this.ledger.readStream(stream, { ...options, from: Math.min(options.from ?? last, last) });
  }

  override async eventAt(position: Position): Promise<RecordedEvent | undefined> {
    const event = await this.ledger.eventAt(position);
    return event === undefined || !this.isSeen(event) ? undefined : event;
  }

  override async *readAll(options?: ReadAllOptions): AsyncIterable<Batch> {
    for await (const { events, upTo } of this.ledger.readAll(options))
      yield { events: events.filter(this.isSeen), upTo };
  }

  override subscribe(options?: SubscribeOptions): AsyncIterable<Batch> {
    return this.readAll(options);
  }

  override head(): Promise<Position> {
    return this.ledger.head();
  }

  override pollNow(): void {
    // Nothing comes.
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }

  private readonly isSeen = ({ stream, revision }: RecordedEvent): boolean =>
    revision <= (this.revisions.get(stream) ?? -1);
}

const refusal = (stream: string): LedgerUnavailable => new LedgerUnavailable(stream, 'it is only read');
