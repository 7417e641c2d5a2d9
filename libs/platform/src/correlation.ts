import { AsyncLocalStorage } from 'node:async_hooks';

const store = new AsyncLocalStorage<string>();

/** Runs `work` so that every log line written meanwhile, however deep and late, carries the correlation id. */
export const withCorrelation = <Result>(correlationId: string, work: () => Result): Result =>
  store.run(correlationId, work);

/** The id of the request or message that the current code runs for. */
export const currentCorrelationId = (): string | undefined => store.getStore();
