import shared from '@eventstore/db-client/generated/shared_pb.js';
import messages from '@eventstore/db-client/generated/streams_pb.js';
import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import type { ChainedEvent } from './eventstoredb-message.js';
import { NO_STREAM, type Position, START } from './ledger.js';

/** Where a reading begins: with the event of this revision or position, or at an edge. */
export type ReadFrom = number | 'start' | 'end';

const identifierOf = (stream: string): InstanceType<typeof shared.StreamIdentifier> => {
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(new Uint8Array(Buffer.from(stream)));
  return identifier;
};

const requestOf = (options: ReadReq.Options): ReadReq => {
  const uuid = new messages.ReadReq.Options.UUIDOption();
  uuid.setString(new shared.Empty());
  options.setUuidOption(uuid);
  options.setResolveLinks(false);
  const request = new messages.ReadReq();
  request.setOptions(options);
  return request;
};

const setDirection = (options: ReadReq.Options, forwards: boolean): void => {
  const { FORWARDS, BACKWARDS } = messages.ReadReq.Options.ReadDirection;
  options.setReadDirection(forwards ? FORWARDS : BACKWARDS);
};

const allFrom = (from: ReadFrom): ReadReq.Options.AllOptions => {
  const all = new messages.ReadReq.Options.AllOptions();
  if (from === 'start') all.setStart(new shared.Empty());
  else if (from === 'end') all.setEnd(new shared.Empty());
  else {
    const position = new messages.ReadReq.Options.Position();
    position.setCommitPosition(String(from));
    position.setPreparePosition(String(from));
    all.setPosition(position);
  }
  return all;
};

/** Reads events of one stream, beginning with the one named. */
export const readStreamRequest = (stream: string, from: ReadFrom, forwards: boolean, limit: number): ReadReq => {
  const place = new messages.ReadReq.Options.StreamOptions();
  place.setStreamIdentifier(identifierOf(stream));
  if (from === 'start') place.setStart(new shared.Empty());
  else if (from === 'end') place.setEnd(new shared.Empty());
  else place.setRevision(String(from));
  const options = new messages.ReadReq.Options();
  options.setStream(place);
  options.setCount(String(limit));
  options.setNoFilter(new shared.Empty());
  setDirection(options, forwards);
  return requestOf(options);
};

/** Events that the server looks at between two checkpoints, which Cairn does not need, and in one step of a reading. */
const SEARCH_WINDOW = 1000;

/** Leaves out streams that do not begin with one of the prefixes; without prefixes, the server's own events. */
const filterFor = (streamPrefixes: readonly string[] | undefined): ReadReq.Options.FilterOptions => {
  const expression = new messages.ReadReq.Options.FilterOptions.Expression();
  const filter = new messages.ReadReq.Options.FilterOptions();
  if (streamPrefixes === undefined || streamPrefixes.length === 0) {
    expression.setRegex('^[^$].*');
    filter.setEventType(expression);
  } else {
    expression.setPrefixList([...streamPrefixes]);
    filter.setStreamIdentifier(expression);
  }
  filter.setMax(SEARCH_WINDOW);
  filter.setCheckpointintervalmultiplier(1);
  return filter;
};

/** Reads everything, the server's own events too, or only some streams; begins with the event at the position. */
export const readAllRequest = (
  from: ReadFrom,
  forwards: boolean,
  streamPrefixes?: readonly string[],
  limit = Number.MAX_SAFE_INTEGER,
): ReadReq => {
  const options = new messages.ReadReq.Options();
  options.setAll(allFrom(from));
  options.setCount(String(limit));
  if (streamPrefixes === undefined) options.setNoFilter(new shared.Empty());
  else options.setFilter(filterFor(streamPrefixes));
  setDirection(options, forwards);
  return requestOf(options);
};

/** Follows some streams, or everything but the server's own events; begins behind the position. */
export const subscribeRequest = (after: Position, streamPrefixes: readonly string[] | undefined): ReadReq => {
  const options = new messages.ReadReq.Options();
  options.setAll(allFrom(after === START ? 'start' : after));
  options.setSubscription(new messages.ReadReq.Options.SubscriptionOptions());
  options.setFilter(filterFor(streamPrefixes));
  return requestOf(options);
};

/** Writes the fields of a protobuf message. */
class FieldWriter {
  private readonly parts: Uint8Array[] = [];

  /** A text, some bytes or another message. */
  bytes(field: number, content: Uint8Array): this {
    this.parts.push(varints((field << 3) | 2, content.length), content);
    return this;
  }

  text(field: number, content: string): this {
    return this.bytes(field, Buffer.from(content));
  }

  number(field: number, value: number): this {
    this.parts.push(varints(field << 3, value));
    return this;
  }

  message(): Buffer {
    return Buffer.concat(this.parts);
  }
}

/** Enough for a key and a safe integer. */
const VARINTS_BYTES = 16;

const varints = (...values: readonly number[]): Uint8Array => {
  const bytes = Buffer.allocUnsafe(VARINTS_BYTES);
  let end = 0;
  for (let value of values) {
    for (; value > 127; value = Math.floor(value / 128)) bytes[end++] = (value % 128) + 128;
    bytes[end++] = value;
  }
  return bytes.subarray(0, end);
};

/** An entry of the properties of an event, as a field of its message. */
const property = (name: string, value: string): Buffer => new FieldWriter().text(1, name).text(2, value).message();

const IS_JSON = property('content-type', 'application/json');

/** The messages (`AppendReq`) of one append: its options, then its events. */
export const appendMessages = (
  stream: string,
  expectedRevision: number,
  events: readonly ChainedEvent[],
): readonly Buffer[] => {
  const options = new FieldWriter().bytes(1, new FieldWriter().text(3, stream).message());
  if (expectedRevision === NO_STREAM) options.bytes(3, Buffer.alloc(0));
  else options.number(2, expectedRevision);
  return [new FieldWriter().bytes(1, options.message()).message(), ...events.map(eventMessage)];
};

const eventMessage = ({ id, type, data, metadata }: ChainedEvent): Buffer => {
  const proposed = new FieldWriter()
    .bytes(1, new FieldWriter().text(2, id).message())
    .bytes(2, property('type', type))
    .bytes(2, IS_JSON)
    .text(3, metadata)
    .text(4, data);
  return new FieldWriter().bytes(2, proposed.message()).message();
};
