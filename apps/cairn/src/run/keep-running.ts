import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from '../demo/child.js';
import type { FailureLimit } from '../worker/failure-limit.js';

/** A server that has run for so long is started again at once. */
const STEADY_MS = 60_000;

export type Server = Pick<Child, 'ended' | 'stop'> & { readonly url: string };

export interface KeptServer extends AsyncDisposable {
  readonly url: string;
  /** Aborted, with a text as its reason, when the server is not started again any more. */
  readonly lost: AbortSignal;
}

/**
 * Starts a server, and starts it again on its port whenever it ends before it is disposed of.
 *
 * @param failures of servers that ended soon after their start: pauses before the next start, until none follows
 */
export const keepRunning = async (
  start: (port: string) => Promise<Server>,
  failures: FailureLimit,
  note: (line: string) => void,
): Promise<KeptServer> => {
  let server = await start('0');
  let startedMs = performance.now();
  const { url } = server;
  const { port } = new URL(url);
  const stopped = new AbortController();
  const lost = new AbortController();
  const isStopped = (): boolean => stopped.signal.aborted;

  /** Resolves with why there is none any more. */
  const ended = async (): Promise<string> => {
    const code = await server.ended;
    if (performance.now() - startedMs > STEADY_MS) failures.succeeded();
    else failures.failed(`code ${code}`);
    return `the server of this run has ended with code ${code}`;
  };
  const startAgain = async (): Promise<string | undefined> => {
    try {
      server = await start(port);
      startedMs = performance.now();
      return undefined;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      failures.failed(reason);
      return reason;
    }
  };
  const keep = async (): Promise<void> => {
    let reason: string | undefined;
    for (;;) {
      reason ??= await ended();
      if (isStopped()) return;
      const { exceeded, pauseMs } = failures;
      if (exceeded !== undefined) {
        note(`${reason}: ${exceeded}`);
        lost.abort(exceeded);
        return;
      }
      note(`${reason}: starts it again${pauseMs === 0 ? '' : ` in ${pauseMs / 1000} s`}`);
      await delay(pauseMs, undefined, { signal: stopped.signal }).catch(() => undefined);
      if (isStopped()) return;
      reason = await startAgain();
      if (isStopped()) await server.stop();
    }
  };
  const kept = keep();
  return {
    url,
    lost: lost.signal,
    [Symbol.asyncDispose]: async () => {
      stopped.abort();
      await server.stop();
      await kept;
    },
  };
};
