// Follows what happens to the jobs and tasks of a Cairn, and keeps it in a table of its own: each event once, in order.
// Whatever is restarted or killed (this, Cairn, the broker), it goes on where it was.

import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, nkeyAuthenticator, usernamePasswordAuthenticator } from '@nats-io/transport-node';

const STREAM = 'CAIRN_EVENTS';
/** cairn.events.<dialect>.<category>.<namespace>:<id>.<event type>: everything that is about units of any dialect. */
const SUBJECT = 'cairn.events.*.work.>';
const RETRY_MS = 500;

const { NATS_URL = 'nats://127.0.0.1:4222', NATS_TLS_CA, NATS_NKEY_SEED, NAME = 'subscriber-example' } = process.env;
const { TABLE_FILE = 'events.sqlite' } = process.env;

const table = new DatabaseSync(TABLE_FILE);
table.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS event (
    sequence INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    time TEXT NOT NULL,
    workload TEXT NOT NULL,
    type TEXT NOT NULL,
    actor TEXT NOT NULL
  ) STRICT;
`);
const insert = table.prepare('INSERT INTO event (sequence, id, time, workload, type, actor) VALUES (?, ?, ?, ?, ?, ?)');
const selectLast = table.prepare('SELECT ifnull(max(sequence), 0) AS sequence FROM event');

/** What a service of yours would do. The number of the message is stored together with its effect, so a repeat is recognized. */
const handle = (message) => {
  if (message.seq <= Number(selectLast.get().sequence)) return;
  const { id, time, subject, type, actor } = message.json();
  insert.run(message.seq, id, time, subject, type, actor);
  console.log(`${time} ${subject} ${type} by ${actor}`);
};

/** The broker keeps the consumer's place. With one message at a time none can overtake one that has to be sent again. */
const CONSUMER = {
  durable_name: NAME,
  filter_subject: SUBJECT,
  deliver_policy: DeliverPolicy.All,
  ack_policy: AckPolicy.Explicit,
  max_ack_pending: 1,
  ack_wait: 5 * 1_000_000_000,
};

const follow = async (connection) => {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  await manager.consumers.add(STREAM, CONSUMER);
  const consumer = await jetstream(connection).consumers.get(STREAM, NAME);
  for await (const message of await consumer.consume({ max_messages: 100, expires: 5000 })) {
    handle(message);
    message.ack();
  }
};

const { host, username, password } = new URL(NATS_URL);
const authenticator =
  NATS_NKEY_SEED === undefined
    ? usernamePasswordAuthenticator(decodeURIComponent(username), decodeURIComponent(password))
    : nkeyAuthenticator(new TextEncoder().encode(readFileSync(NATS_NKEY_SEED, 'utf8').trim()));
const connection = await connect({
  servers: host,
  authenticator,
  waitOnFirstConnect: true,
  maxReconnectAttempts: -1,
  ignoreAuthErrorAbort: true,
  reconnectTimeWait: RETRY_MS,
  inboxPrefix: `_INBOX.${NAME}`,
  ...(NATS_TLS_CA !== undefined && { tls: { caFile: NATS_TLS_CA } }),
});

for (;;) {
  try {
    await follow(connection);
  } catch (error) {
    // The stream is not there before Cairn has run for the first time, and not while the broker starts.
    console.error(`will try again: ${error.message}`);
  }
  await delay(RETRY_MS);
}
