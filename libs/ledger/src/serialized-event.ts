import { AppendTooLarge, EventTooLarge } from './errors.js';
import { assertChainable } from './hash-chain.js';
import { APPEND_BYTES_MAX, EVENT_BYTES_MAX, type NewEvent } from './ledger.js';

/** A {@link NewEvent} as the texts that are hashed and stored. */
export interface SerializedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
  /** What it counts for in an append. */
  readonly bytes: number;
}

/** What EventStoreDB counts for an event besides its texts: the hash inside the metadata. */
const HASH_BYTES = 80;

/** EventStoreDB counts two bytes for each character of the type. */
const bytesBesideTexts = (type: string): number => 2 * type.length + HASH_BYTES;

/** What an event counts for in an append. */
export const bytesInAppend = ({ type, data, metadata }: Pick<SerializedEvent, 'type' | 'data' | 'metadata'>): number =>
  Buffer.byteLength(data) + Buffer.byteLength(metadata) + bytesBesideTexts(type);

/** Texts of data that {@link measure} has made, for the append that follows: data is never changed. */
const measured = new WeakMap<NewEvent['data'], string>();

/** @throws EventTooLarge */
const serialize = (stream: string, { id, type, data, metadata }: NewEvent): SerializedEvent => {
  assertChainable(stream, type, id);
  const texts = { id, type, data: measured.get(data) ?? JSON.stringify(data), metadata: JSON.stringify(metadata) };
  const bytes = bytesInAppend(texts);
  const textBytes = bytes - bytesBesideTexts(type);
  if (textBytes > EVENT_BYTES_MAX) throw new EventTooLarge(stream, type, textBytes, EVENT_BYTES_MAX);
  return { ...texts, bytes };
};

/**
 * What an event will count for in an append. With many events or large ones, the append needs the same text again.
 *
 * @throws EventTooLarge
 */
export const measure = (stream: string, event: NewEvent): number => {
  const { data, bytes } = serialize(stream, event);
  measured.set(event.data, data);
  return bytes;
};

/** @throws EventTooLarge, AppendTooLarge */
export const serializeAll = (
  stream: string,
  events: readonly NewEvent[],
): { serialized: readonly SerializedEvent[]; bytes: number } => {
  if (events.length === 0) throw new TypeError('An append has at least one event');
  const serialized = events.map((event) => serialize(stream, event));
  let bytes = 0;
  for (const event of serialized) bytes += event.bytes;
  if (bytes > APPEND_BYTES_MAX) throw new AppendTooLarge(stream, bytes, APPEND_BYTES_MAX);
  return { serialized, bytes };
};
