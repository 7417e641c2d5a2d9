import { parentPort } from 'node:worker_threads';
import { DomainError, type DomainErrorValue } from './domain-error.js';

/** What a thread can do, by name. Arguments and results are plain data: they are copied between threads. */
export type ThreadFunctions = Readonly<Record<string, (...args: never) => unknown>>;

export type ArgumentsOf<Functions extends ThreadFunctions> = {
  readonly [Name in keyof Functions]: Parameters<Functions[Name]>;
};
export type ResultsOf<Functions extends ThreadFunctions> = {
  readonly [Name in keyof Functions]: ReturnType<Functions[Name]>;
};

/** To the thread. */
export interface ThreadCall {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** From the thread: first that it is ready, then the outcome of each call. */
export type FromThread =
  | { readonly type: 'ready' }
  | { readonly type: 'result'; readonly result: unknown }
  | { readonly type: 'refused'; readonly error: DomainErrorValue }
  | { readonly type: 'failed'; readonly error: Error };

const outcomeOf = (functions: ThreadFunctions, { name, args }: ThreadCall): FromThread => {
  try {
    const called = functions[name];
    if (called === undefined) throw new Error(`The thread has no function ${name}`);
    return { type: 'result', result: called(...(args as never)) };
  } catch (error) {
    if (error instanceof DomainError) return { type: 'refused', error: error.toValue() };
    return { type: 'failed', error: error instanceof Error ? error : new Error(String(error)) };
  }
};

/** Makes this thread answer the calls of a `ThreadPool`, one after the other. */
export const serveThread = (functions: ThreadFunctions): void => {
  const port = parentPort;
  if (port === null) throw new Error('This is a thread, not a program');
  port.on('message', (call: ThreadCall) => port.postMessage(outcomeOf(functions, call)));
  port.postMessage({ type: 'ready' } satisfies FromThread);
};
