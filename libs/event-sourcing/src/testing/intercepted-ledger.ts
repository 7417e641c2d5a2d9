import { Ledger, type Position } from '#ledger/ledger.js';

type Append = Ledger['append'];

/** A real ledger whose appends pass through a function of the test, and whose readings and subscriptions fail on command. */
export class InterceptedLedger extends Ledger {
  /** Calls the append, or not, or something else before or after it. */
  intercept: (append: Append, ...parameters: Parameters<Append>) => ReturnType<Append> = (append, ...parameters) =>
    append(...parameters);

  /** Streams cannot be read. */
  isAway = false;

  /** Subscriptions deliver nothing until this resolves. */
  delivery: Promise<void> | undefined;

  /** Is awaited before everything is read. */
  reading: (() => Promise<void>) | undefined;

  constructor(private readonly inner: Ledger) {
    super();
  }

  override append(...parameters: Parameters<Append>): ReturnType<Append> {
    return this.intercept((...actual) => this.inner.append(...actual), ...parameters);
  }

  override appendRecorded(...parameters: Parameters<Ledger['appendRecorded']>): ReturnType<Ledger['appendRecorded']> {
    return this.inner.appendRecorded(...parameters);
  }

  override readStream(...parameters: Parameters<Ledger['readStream']>): ReturnType<Ledger['readStream']> {
    if (this.isAway) return Promise.reject(new Error('The ledger is away'));
    return this.inner.readStream(...parameters);
  }

  override eventAt(position: Position): ReturnType<Ledger['eventAt']> {
    return this.inner.eventAt(position);
  }

  override async *readAll(...parameters: Parameters<Ledger['readAll']>): ReturnType<Ledger['readAll']> {
    await this.reading?.();
    yield* this.inner.readAll(...parameters);
  }

  override async *subscribe(...parameters: Parameters<Ledger['subscribe']>): ReturnType<Ledger['subscribe']> {
    for await (const batch of this.inner.subscribe(...parameters)) {
      await this.delivery;
      yield batch;
    }
  }

  override head(): ReturnType<Ledger['head']> {
    return this.inner.head();
  }

  override pollNow(awaited: Position): void {
    this.inner.pollNow(awaited);
  }

  override close(): Promise<void> {
    return this.inner.close();
  }
}
