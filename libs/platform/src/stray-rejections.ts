import type { Health } from './health.js';
import type { Log } from './logging.js';
import type { Metrics } from './metrics.js';

/** A process is unready for so long after a promise was rejected that nobody awaits. */
const UNREADY_MS = 5_000;

export interface StrayRejectionHandling {
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'strayRejection'>;
  readonly health: Health;
  /** Makes connections to the outside anew: whose promise it was, nobody can tell. */
  readonly reconnect: () => void;
}

/**
 * Keeps the process alive when a library leaves a rejected promise behind: logs and counts it, makes the connections anew,
 * and reports the process as unready meanwhile.
 */
export const surviveStrayRejections = ({ log, metrics, health, reconnect }: StrayRejectionHandling): void => {
  let unreadyUntilMs = 0;
  health.add('stray rejections', () => {
    if (performance.now() < unreadyUntilMs) throw new Error('a promise was rejected that nobody awaits');
  });
  process.on('unhandledRejection', (error) => {
    unreadyUntilMs = performance.now() + UNREADY_MS;
    metrics.strayRejection();
    log.error({ error }, 'a promise was rejected that nobody awaits; connections are made anew');
    reconnect();
  });
};
