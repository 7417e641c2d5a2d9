import { JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Log } from '#platform/logging.js';

/** How often it is tried again to have as many copies as are wanted: a server may have been away. */
const RAISE_EVERY_MS = 60_000;

/** Codes of JetStream's errors when it has too few servers, or none but one. */
const TOO_FEW_SERVERS: readonly number[] = [10005, 10023, 10074];

const hasTooFewServers = (error: unknown): boolean =>
  error instanceof JetStreamApiError && TOO_FEW_SERVERS.includes(error.code);

/** Whether the broker is several servers. */
export const isClustered = ({ info }: NatsConnection): boolean => info?.cluster !== undefined;

/**
 * Calls `attempt` with ever fewer copies until the cluster has servers for them.
 *
 * @throws whatever it rejects with for other reasons
 */
export const withMostCopies = async <Result>(
  wanted: number,
  attempt: (copies: number) => Promise<Result>,
): Promise<Result> => {
  for (let copies = wanted; ; copies -= 1) {
    try {
      return await attempt(copies);
    } catch (error) {
      if (copies <= 1 || !hasTooFewServers(error)) throw error;
    }
  }
};

/** Resolves with how many there are. Copies are never taken away. */
const raise = async (manager: JetStreamManager, stream: string, wanted: number): Promise<number> => {
  const { num_replicas: before } = (await manager.streams.info(stream)).config;
  if (before >= wanted) return before;
  return withMostCopies(wanted, async (copies) => {
    if (copies > before) await manager.streams.update(stream, { num_replicas: copies });
    return Math.max(copies, before);
  });
};

interface CopiesOptions {
  readonly stream: string;
  readonly wanted: number;
  readonly log: Log;
  /** What the stream holds, for the log: `logs and large documents`. */
  readonly what: string;
}

/** Sees to it, until the connection is closed, that a stream has as many copies as are wanted, or as the cluster has servers. */
export const keepCopies = async (
  connection: NatsConnection,
  manager: JetStreamManager,
  { stream, wanted, log, what }: CopiesOptions,
): Promise<void> => {
  const attempt = async (isFirst: boolean): Promise<void> => {
    const copies = await raise(manager, stream, wanted).catch((error: unknown) => String(error));
    if (copies === wanted || connection.isClosed()) return;
    if (isFirst) log.warn({ copies, wanted }, `${what} have fewer copies than are wanted`);
    setTimeout(() => void attempt(false), RAISE_EVERY_MS).unref();
  };
  await attempt(true);
};
