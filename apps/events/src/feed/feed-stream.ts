import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { type HistoryCursor, HISTORY_START, readHistoryCursor } from '#event-sourcing/history-cursor.js';
import type { RecordedEvent } from '#ledger/ledger.js';
import { partsOfStream } from '#ledger/ref.js';
import { isJetStreamMissing } from '#storage/jetstream-missing.js';
import { isClustered, withMostCopies } from '#storage/stream-copies.js';

/** The stream of JetStream in which anybody's services find the events. */
export const FEED_STREAM = 'CAIRN_EVENTS';

export const FEED_SUBJECTS = 'cairn.events.>';

/** Header of a message: the text of the cursor behind its event. */
export const CURSOR_HEADER = 'Cairn-Cursor';

const MIB = 1024 * 1024;
const DAY_NS = 24 * 3600 * 1_000_000_000;

/** How long the broker may take for one answer: while it starts it gives none. */
const ATTEMPT_MS = 2000;

/** Of JetStream's API, where there is no such stream, and no such message. */
const STREAM_NOT_FOUND = 10_059;
const MESSAGE_NOT_FOUND = 10_037;

/** `cairn.events.<dialect>.<category>.<namespace>:<escaped id>.<event type>`, so that consumers may choose by each part. */
export const feedSubject = ({ stream, type }: Pick<RecordedEvent, 'stream' | 'type'>): string => {
  const { dialect, category, namespace, id } = partsOfStream(stream);
  return `cairn.events.${dialect}.${category}.${namespace}:${id}.${type}`;
};

/** How long messages stay in the feed, and how many servers hold them. */
export interface FeedLimits {
  readonly days: number;
  readonly mibMax: number;
  readonly copies: number;
}

/** The end of the feed: its messages are numbered as the events of the history, from 1 on. */
export interface FeedEnd {
  /** Number of the last message that ever was. */
  readonly sequence: number;
  /** Absent when none is left: the last one was too old to be kept. */
  readonly last?: { readonly eventId: string; readonly cursor: HistoryCursor };
}

const isApiError = (error: unknown, code: number): boolean => error instanceof JetStreamApiError && error.code === code;

const configOf = ({ days, mibMax }: FeedLimits): Pick<StreamConfig, 'max_age' | 'max_bytes' | 'description'> => ({
  description: 'Events of Cairn, in order',
  max_age: days * DAY_NS,
  max_bytes: mibMax * MIB,
});

/** The broker cannot have a feed. */
export class FeedImpossible extends Error {
  override readonly name = 'FeedImpossible';
}

/**
 * Makes the stream when it is missing, and gives it the limits.
 *
 * @throws FeedImpossible
 */
export const prepareFeedStream = async (connection: NatsConnection, limits: FeedLimits): Promise<JetStreamManager> => {
  const manager = await jetstreamManager(connection, { checkAPI: false, timeout: ATTEMPT_MS });
  const config = configOf(limits);
  try {
    const { config: present } = await manager.streams.info(FEED_STREAM);
    if (present.max_age !== config.max_age || present.max_bytes !== config.max_bytes) {
      await manager.streams.update(FEED_STREAM, config);
    }
  } catch (error) {
    if (isJetStreamMissing(error)) {
      const server = connection.getServer();
      throw new FeedImpossible(`NATS at ${server} offers no JetStream, where the feed is; start nats-server with -js`);
    }
    if (!isApiError(error, STREAM_NOT_FOUND)) throw error;
    await withMostCopies(isClustered(connection) ? limits.copies : 1, (copies) =>
      manager.streams.add({
        ...{ name: FEED_STREAM, subjects: [FEED_SUBJECTS], ...config },
        ...{ storage: StorageType.File, discard: DiscardPolicy.Old, num_replicas: copies },
      }),
    );
  }
  return manager;
};

export const endOfFeed = async (manager: JetStreamManager): Promise<FeedEnd> => {
  const { last_seq: sequence, messages } = (await manager.streams.info(FEED_STREAM)).state;
  if (messages === 0) return { sequence };
  const message = await manager.streams.getMessage(FEED_STREAM, { seq: sequence }).catch((error: unknown) => {
    if (isApiError(error, MESSAGE_NOT_FOUND)) return null;
    throw error;
  });
  if (message === null) return { sequence };
  const { header } = message;
  const cursor = readHistoryCursor(header.get(CURSOR_HEADER)) ?? HISTORY_START;
  return { sequence, last: { eventId: header.get('Nats-Msg-Id'), cursor } };
};
