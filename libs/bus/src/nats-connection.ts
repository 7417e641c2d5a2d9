import { connect, type NatsConnection } from '@nats-io/transport-node';
import { CannotStart } from '#platform/cannot-start.js';
import type { Log } from '#platform/logging.js';

/** A broker that is still starting gets this long. */
const CONNECT_WITHIN_MS = 5000;
const ATTEMPT_TIMEOUT_MS = 1000;
const PAUSE_MS = 200;

/** Start-up ends with this message. */
export class NatsUnreachable extends CannotStart {
  override readonly name = 'NatsUnreachable';

  constructor(host: string, cause: unknown) {
    super(`NATS_URL is set but nothing answers at ${host}`, { cause });
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const report = async (connection: NatsConnection, log: Log): Promise<void> => {
  for await (const status of connection.status()) {
    if (status.type === 'disconnect' || status.type === 'error') log.warn({ status }, 'NATS connection is disturbed');
    if (status.type === 'reconnect') log.info({ status }, 'NATS connection is restored');
  }
};

/**
 * One connection per process, for sending and receiving. Once made it reconnects for as long as the process lives.
 *
 * @throws NatsUnreachable when the first connection is not made within `withinMs`
 */
export const connectNats = async (
  url: string,
  name: string,
  log: Log,
  withinMs: number = CONNECT_WITHIN_MS,
): Promise<NatsConnection> => {
  const { username, password, host, protocol } = new URL(url);
  const giveUpMs = Date.now() + withinMs;
  for (;;) {
    try {
      const connection = await connect({
        servers: host,
        name,
        ...(username === '' ? {} : { user: decodeURIComponent(username), pass: decodeURIComponent(password) }),
        ...(protocol === 'tls:' ? { tls: {} } : {}),
        timeout: ATTEMPT_TIMEOUT_MS,
        maxReconnectAttempts: -1,
        reconnectTimeWait: PAUSE_MS,
        ignoreAuthErrorAbort: true,
        noAsyncTraces: true,
      });
      void report(connection, log);
      return connection;
    } catch (error) {
      if (Date.now() + PAUSE_MS >= giveUpMs) throw new NatsUnreachable(host, error);
      await pause(PAUSE_MS);
    }
  }
};
