import { eventHash } from './hash-chain.js';
import { type Position, type RecordedEvent, START } from './ledger.js';
import type { SerializedEvent } from './serialized-event.js';

/** The metadata as stored is the text that was hashed, with the hash as its last field. */
const HASH_BEGIN = '"hash":"';
const HASH_END = '"}';
const HASH = /^[0-9a-f]{64}$/;
const HASH_CHARACTERS = 64;
const HASH_FIELD_CHARACTERS = HASH_BEGIN.length + HASH_CHARACTERS + HASH_END.length;

/** Metadata and hash of an event; undefined when Cairn did not write it. */
const metadataIn = (stored: string): Pick<RecordedEvent, 'metadata' | 'hash'> | undefined => {
  const at = stored.length - HASH_FIELD_CHARACTERS;
  if (!stored.startsWith(HASH_BEGIN, at) || !stored.endsWith(HASH_END)) return undefined;
  const hash = stored.slice(at + HASH_BEGIN.length, -HASH_END.length);
  const before = stored[at - 1];
  if ((before !== ',' && before !== '{') || !HASH.test(hash)) return undefined;
  return { metadata: `${stored.slice(0, before === ',' ? at - 1 : at)}}`, hash };
};

/** Goes through the fields of a protobuf message without copying anything. */
class FieldReader {
  field = 0;
  /** First byte of the field's content, for texts, bytes and messages. */
  start = 0;
  /** Byte behind the field's content. */
  end = 0;
  /** Content of a number, exact below 2^53. */
  value = 0;

  constructor(
    private readonly bytes: Buffer,
    private offset: number,
    private readonly limit: number,
  ) {}

  /** Moves on to the next field; false when there is none. */
  next(): boolean {
    if (this.offset >= this.limit) return false;
    const key = this.varint();
    this.field = key >>> 3;
    switch (key & 7) {
      case 0:
        this.value = this.varint();
        return true;
      case 1:
        this.offset += 8;
        return true;
      case 2: {
        const length = this.varint();
        this.start = this.offset;
        this.offset += length;
        this.end = this.offset;
        return true;
      }
      case 5:
        this.offset += 4;
        return true;
      default:
        throw new Error('The server sent a message that cannot be read');
    }
  }

  private varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.bytes[this.offset++] ?? 0;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }
}

/**
 * An event as the server sent it. Only stream, type and position are decoded at once: most events that a service
 * receives are not for it.
 */
export class ReceivedEvent {
  readonly stream: string;
  readonly type: string;
  /** 0 where the server reports none, or different ones for commit and prepare. */
  readonly position: Position;
  private recorded: RecordedEvent | undefined;
  private readonly idAt: readonly [number, number];
  private readonly dataAt: readonly [number, number];
  private readonly metadataAt: readonly [number, number];
  private readonly revision: number;

  constructor(
    private readonly bytes: Buffer,
    start: number,
    end: number,
  ) {
    const reader = new FieldReader(bytes, start, end);
    let [stream, type, commit, prepare, revision] = ['', '', START, START, 0];
    let [idAt, dataAt, metadataAt]: [number, number][] = [];
    while (reader.next()) {
      if (reader.field === 1) idAt = [reader.start, reader.end];
      else if (reader.field === 2) stream = textField(bytes, reader.start, reader.end, 3);
      else if (reader.field === 3) revision = reader.value;
      else if (reader.field === 4) prepare = reader.value;
      else if (reader.field === 5) commit = reader.value;
      else if (reader.field === 6) type = typeIn(bytes, reader.start, reader.end) ?? type;
      else if (reader.field === 7) metadataAt = [reader.start, reader.end];
      else if (reader.field === 8) dataAt = [reader.start, reader.end];
    }
    this.stream = stream;
    this.type = type;
    this.position = commit === prepare && Number.isSafeInteger(commit) ? commit : START;
    this.revision = revision;
    this.idAt = idAt ?? [0, 0];
    this.dataAt = dataAt ?? [0, 0];
    this.metadataAt = metadataAt ?? [0, 0];
  }

  /** Bytes of the message that the event came in. */
  get size(): number {
    return this.bytes.length;
  }

  /** Whether it is one of the server's own events. */
  get isSystem(): boolean {
    return this.stream.startsWith('$') || this.type.startsWith('$');
  }

  /** The event as the ledger keeps it; undefined for one that Cairn did not write. */
  record(): RecordedEvent | undefined {
    this.recorded ??= this.decode();
    return this.recorded;
  }

  private decode(): RecordedEvent | undefined {
    if (this.isSystem) return undefined;
    const written = metadataIn(this.bytes.toString('utf8', ...this.metadataAt));
    if (written === undefined) return undefined;
    if (this.position === START) throw new Error('Cairn needs an EventStoreDB of version 22.6 or newer');
    return {
      position: this.position,
      stream: this.stream,
      revision: this.revision,
      id: textField(this.bytes, ...this.idAt, 2),
      type: this.type,
      data: this.bytes.toString('utf8', ...this.dataAt),
      ...written,
    };
  }
}

/** The events of some streams as the ledger keeps them, without those that Cairn did not write. */
export const recordsOf = (
  received: readonly ReceivedEvent[],
  matches: (stream: string) => boolean,
): readonly RecordedEvent[] => {
  const records: RecordedEvent[] = [];
  for (const event of received) {
    const record = matches(event.stream) ? event.record() : undefined;
    if (record !== undefined) records.push(record);
  }
  return records;
};

/** What the server sends in answer to a reading: an event, or something else that Cairn needs not read. */
export type ReadMessage = ReceivedEvent | 'stream not found' | 'other';

/** Decodes a `ReadResp` of the protocol. */
export const readMessage = (bytes: Buffer): ReadMessage => {
  const response = new FieldReader(bytes, 0, bytes.length);
  while (response.next()) {
    if (response.field === 4) return 'stream not found';
    if (response.field !== 1) continue;
    const event = new FieldReader(bytes, response.start, response.end);
    while (event.next()) if (event.field === 1) return new ReceivedEvent(bytes, event.start, event.end);
  }
  return 'other';
};

/** The server's answer to an append; the position is that of one of its events, of which depends on the server's version. */
export type AppendAnswer = { readonly isAppended: true; readonly position: Position } | { readonly isAppended: false };

/** Decodes an `AppendResp` of the protocol. */
export const appendAnswer = (bytes: Buffer): AppendAnswer => {
  const response = new FieldReader(bytes, 0, bytes.length);
  while (response.next()) {
    if (response.field === 1) return { isAppended: true, position: positionIn(bytes, response.start, response.end) };
  }
  return { isAppended: false };
};

/** The position that a success tells; the start where it tells none. */
const positionIn = (bytes: Buffer, start: number, end: number): Position => {
  const success = new FieldReader(bytes, start, end);
  while (success.next()) {
    if (success.field !== 3) continue;
    const position = new FieldReader(bytes, success.start, success.end);
    while (position.next()) if (position.field === 1 && Number.isSafeInteger(position.value)) return position.value;
  }
  return START;
};

/** A text inside a message: the field of that number. */
const textField = (bytes: Buffer, start: number, end: number, field: number): string => {
  const reader = new FieldReader(bytes, start, end);
  while (reader.next()) if (reader.field === field) return bytes.toString('utf8', reader.start, reader.end);
  return '';
};

/** The type of an event, if this entry of its properties says it. */
const typeIn = (bytes: Buffer, start: number, end: number): string | undefined =>
  textField(bytes, start, end, 1) === 'type' ? textField(bytes, start, end, 2) : undefined;

/** An event as it is sent: texts, with the hash in its metadata. */
export interface ChainedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
  readonly hash: string;
}

/** @param metadata a JSON text of an object */
export const withHash = (metadata: string, hash: string): string =>
  `${metadata.slice(0, -1)}${metadata === '{}' ? '' : ','}"hash":"${hash}"}`;

/** Chains the events to each other and puts each hash into its event's metadata. */
export const chained = (
  stream: string,
  expectedRevision: number,
  previous: string,
  events: readonly SerializedEvent[],
): readonly ChainedEvent[] => {
  let hash = previous;
  return events.map(({ id, type, data, metadata }, index) => {
    hash = eventHash(hash, { stream, revision: expectedRevision + 1 + index, type, id, data, metadata });
    return { id, type, data, metadata: withHash(metadata, hash), hash };
  });
};
