import shared from '@eventstore/db-client/generated/shared_pb.js';
import messages from '@eventstore/db-client/generated/streams_pb.js';
import type { AppendReq, AppendResp, ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import type { ChainedEvent } from './eventstoredb-message.js';
import { NO_STREAM, type Position, START } from './ledger.js';

/** Where a reading begins: with the event of this revision or position, or at an edge. */
export type ReadFrom = number | 'start' | 'end';

/** The server's answer to an append; the position is that of one of its events, of which depends on the server's version. */
export type AppendAnswer = { readonly isAppended: true; readonly position: Position } | { readonly isAppended: false };

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

/** Reads everything, the server's own events too, beginning with the event at the position. */
export const readAllRequest = (from: ReadFrom, forwards: boolean): ReadReq => {
  const options = new messages.ReadReq.Options();
  options.setAll(allFrom(from));
  options.setCount(String(Number.MAX_SAFE_INTEGER));
  options.setNoFilter(new shared.Empty());
  setDirection(options, forwards);
  return requestOf(options);
};

/** Follows everything but the server's own events, beginning behind the position. */
export const subscribeRequest = (after: Position): ReadReq => {
  const expression = new messages.ReadReq.Options.FilterOptions.Expression();
  expression.setRegex('^[^$].*');
  const filter = new messages.ReadReq.Options.FilterOptions();
  filter.setEventType(expression);
  filter.setCount(new shared.Empty());
  filter.setCheckpointintervalmultiplier(1);
  const options = new messages.ReadReq.Options();
  options.setAll(allFrom(after === START ? 'start' : after));
  options.setSubscription(new messages.ReadReq.Options.SubscriptionOptions());
  options.setFilter(filter);
  return requestOf(options);
};

/** The messages of one append: its options, then its events. */
export const appendMessages = (
  stream: string,
  expectedRevision: number,
  events: readonly ChainedEvent[],
): readonly AppendReq[] => {
  const options = new messages.AppendReq.Options();
  options.setStreamIdentifier(identifierOf(stream));
  if (expectedRevision === NO_STREAM) options.setNoStream(new shared.Empty());
  else options.setRevision(String(expectedRevision));
  const header = new messages.AppendReq();
  header.setOptions(options);
  return [header, ...events.map(eventMessage)];
};

const eventMessage = ({ id, type, data, metadata }: ChainedEvent): AppendReq => {
  const uuid = new shared.UUID();
  uuid.setString(id);
  const proposed = new messages.AppendReq.ProposedMessage();
  proposed.setId(uuid);
  proposed.getMetadataMap().set('type', type).set('content-type', 'application/json');
  proposed.setData(new Uint8Array(Buffer.from(data)));
  proposed.setCustomMetadata(new Uint8Array(Buffer.from(metadata)));
  const message = new messages.AppendReq();
  message.setProposedMessage(proposed);
  return message;
};

export const appendAnswer = (response: AppendResp): AppendAnswer => {
  const success = response.getSuccess();
  if (success === undefined) return { isAppended: false };
  const position = Number(success.getPosition()?.getCommitPosition());
  return { isAppended: true, position: Number.isSafeInteger(position) ? position : START };
};
