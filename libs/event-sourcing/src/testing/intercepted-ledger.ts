import { Ledger } from '#ledger/ledger.js';

type Append = Ledger['append'];

/** A real ledger whose appends pass through a function of the test: to watch them, or to have them fail. */
export class InterceptedLedger extends Ledger {
  /** Calls the append, or not, or something else before or after it. */
  intercept: (append: Append, ...parameters: Parameters<Append>) => ReturnType<Append> = (append, ...parameters) =>
    append(...parameters);

  constructor(private readonly inner: Ledger) {
    super();
  }

  override append(...parameters: Parameters<Append>): ReturnType<Append> {
    return this.intercept((...actual) => this.inner.append(...actual), ...parameters);
  }

  override readStream(...parameters: Parameters<Ledger['readStream']>): ReturnType<Ledger['readStream']> {
    return this.inner.readStream(...parameters);
  }

  override readAll(...parameters: Parameters<Ledger['readAll']>): ReturnType<Ledger['readAll']> {
    return this.inner.readAll(...parameters);
  }

  override subscribe(...parameters: Parameters<Ledger['subscribe']>): ReturnType<Ledger['subscribe']> {
    return this.inner.subscribe(...parameters);
  }

  override head(): ReturnType<Ledger['head']> {
    return this.inner.head();
  }

  override pollNow(): void {
    this.inner.pollNow();
  }

  override close(): Promise<void> {
    return this.inner.close();
  }
}
