import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { AppendReq, AppendResp, ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import type { ClusterInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type { StreamIdentifier, UUID } from '@eventstore/db-client/generated/shared_pb.js';
import { NO_STREAM } from '../ledger.js';
import type { ProposedEvent, StoredEvent } from './eventstoredb-double-log.js';

const streamName = (identifier: StreamIdentifier | undefined): string =>
  Buffer.from(identifier?.getStreamName_asU8() ?? []).toString();

const identifierOf = (stream: string): StreamIdentifier => {
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(new Uint8Array(Buffer.from(stream)));
  return identifier;
};

const uuidOf = (id: string): UUID => {
  const uuid = new shared.UUID();
  uuid.setString(id);
  return uuid;
};

/** A call of `Append` with all its messages. */
export interface AppendRequest {
  readonly stream: string;
  /** Undefined for any revision. */
  readonly expected: number | undefined;
  readonly events: readonly ProposedEvent[];
}

/** @throws Error for options that the double does not know */
export const appendRequest = (messages: readonly AppendReq[]): AppendRequest => {
  const options = messages[0]?.getOptions();
  if (options === undefined) throw new Error('An append begins with its options');
  if (!options.hasNoStream() && !options.hasRevision() && !options.hasAny()) {
    throw new Error('The double needs an expected revision');
  }
  const events = messages.flatMap((message): ProposedEvent | [] => {
    const proposed = message.getProposedMessage();
    if (proposed === undefined) return [];
    return {
      id: proposed.getId()?.getString() ?? '',
      type: proposed.getMetadataMap().get('type') ?? '',
      contentType: proposed.getMetadataMap().get('content-type') ?? '',
      data: proposed.getData_asU8(),
      metadata: proposed.getCustomMetadata_asU8(),
    };
  });
  const expected = options.hasAny() ? undefined : options.hasNoStream() ? NO_STREAM : Number(options.getRevision());
  return { stream: streamName(options.getStreamIdentifier()), expected, events };
};

/** The answer to an append, first or repeated: revision and position are those of its last event. */
export const appendedResponse = ({ revision, position }: StoredEvent): AppendResp => {
  const at = new streams.AppendResp.Position();
  at.setCommitPosition(String(position));
  at.setPreparePosition(String(position));
  const success = new streams.AppendResp.Success();
  success.setCurrentRevision(String(revision));
  success.setPosition(at);
  const response = new streams.AppendResp();
  response.setSuccess(success);
  return response;
};

export const wrongRevisionResponse = (expected: number, actual: number): AppendResp => {
  const wrong = new streams.AppendResp.WrongExpectedVersion();
  if (actual === NO_STREAM) wrong.setCurrentNoStream(new shared.Empty());
  else wrong.setCurrentRevision(String(actual));
  if (expected === NO_STREAM) wrong.setExpectedNoStream(new shared.Empty());
  else wrong.setExpectedRevision(String(expected));
  const response = new streams.AppendResp();
  response.setWrongExpectedVersion(wrong);
  return response;
};

/** A call of `Read`, which also subscribes. */
export interface ReadRequest {
  /** Undefined: `$all`. */
  readonly stream: string | undefined;
  /** Revision in the stream, or position in `$all`. */
  readonly from: number | 'start' | 'end';
  readonly forwards: boolean;
  /** Undefined: a subscription. */
  readonly limit: number | undefined;
  readonly matches: (event: StoredEvent) => boolean;
  /** Events looked at between two checkpoints; undefined without a filter. */
  readonly checkpointEvents: number | undefined;
}

/** The server's window between checkpoints when the client names none. */
const SEARCH_WINDOW = 32;

const filterOf = (options: ReadReq.Options): Pick<ReadRequest, 'matches' | 'checkpointEvents'> => {
  const filter = options.getFilter();
  if (filter === undefined) return { matches: () => true, checkpointEvents: undefined };
  const expression = filter.getStreamIdentifier() ?? filter.getEventType();
  const textOf = filter.hasStreamIdentifier()
    ? (event: StoredEvent): string => event.stream
    : (event: StoredEvent): string => event.type;
  const prefixes = expression?.getPrefixList() ?? [];
  const pattern = new RegExp(expression?.getRegex() ?? '');
  return {
    matches: (event) =>
      prefixes.length > 0 ? prefixes.some((prefix) => textOf(event).startsWith(prefix)) : pattern.test(textOf(event)),
    checkpointEvents: (filter.hasMax() ? filter.getMax() : SEARCH_WINDOW) * filter.getCheckpointintervalmultiplier(),
  };
};

export const readRequest = (message: ReadReq): ReadRequest => {
  const options = message.getOptions();
  if (options === undefined) throw new Error('A read has options');
  const [inStream, inAll] = [options.getStream(), options.getAll()];
  const edges = inStream ?? inAll;
  const named = inStream?.getRevision() ?? inAll?.getPosition()?.getCommitPosition() ?? '0';
  const from = edges?.hasStart() === true ? 'start' : edges?.hasEnd() === true ? 'end' : Number(named);
  return {
    stream: inStream === undefined ? undefined : streamName(inStream.getStreamIdentifier()),
    from,
    forwards: options.getReadDirection() === streams.ReadReq.Options.ReadDirection.FORWARDS,
    limit: options.hasSubscription() ? undefined : Number(options.getCount()),
    ...filterOf(options),
  };
};

/** What was made of events: all services read the same ones, and to make it takes as long as to send it. */
const eventResponses = new WeakMap<StoredEvent, Uint8Array>();

export const eventResponse = (event: StoredEvent): Uint8Array => {
  const made = eventResponses.get(event) ?? encodedEvent(event);
  eventResponses.set(event, made);
  return made;
};

const encodedEvent = (event: StoredEvent): Uint8Array => {
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent();
  recorded.setId(uuidOf(event.id));
  recorded.setStreamIdentifier(identifierOf(event.stream));
  recorded.setStreamRevision(String(event.revision));
  recorded.setCommitPosition(String(event.position));
  recorded.setPreparePosition(String(event.position));
  const metadata = recorded.getMetadataMap();
  metadata.set('type', event.type);
  metadata.set('content-type', event.contentType);
  // In units of 100 ns, as .NET counts.
  metadata.set('created', '17987616000000000');
  recorded.setData(event.data);
  recorded.setCustomMetadata(event.metadata);
  const read = new streams.ReadResp.ReadEvent();
  read.setEvent(recorded);
  read.setCommitPosition(String(event.position));
  const response = new streams.ReadResp();
  response.setEvent(read);
  return response.serializeBinary();
};

export const streamNotFoundResponse = (stream: string): Uint8Array => {
  const notFound = new streams.ReadResp.StreamNotFound();
  notFound.setStreamIdentifier(identifierOf(stream));
  const response = new streams.ReadResp();
  response.setStreamNotFound(notFound);
  return response.serializeBinary();
};

export const confirmationResponse = (): Uint8Array => {
  const confirmation = new streams.ReadResp.SubscriptionConfirmation();
  confirmation.setSubscriptionId('double');
  const response = new streams.ReadResp();
  response.setConfirmation(confirmation);
  return response.serializeBinary();
};

export const checkpointResponse = (position: number): Uint8Array => {
  const checkpoint = new streams.ReadResp.Checkpoint();
  checkpoint.setCommitPosition(String(position));
  checkpoint.setPreparePosition(String(position));
  const response = new streams.ReadResp();
  response.setCheckpoint(checkpoint);
  return response.serializeBinary();
};

export interface Member {
  readonly port: number;
  readonly role: 'leader' | 'follower' | 'unknown';
  readonly isAlive: boolean;
}

const STATES = {
  leader: gossip.MemberInfo.VNodeState.LEADER,
  follower: gossip.MemberInfo.VNodeState.FOLLOWER,
  unknown: gossip.MemberInfo.VNodeState.UNKNOWN,
} as const;

export const gossipResponse = (members: readonly Member[]): ClusterInfo => {
  const cluster = new gossip.ClusterInfo();
  for (const { port, role, isAlive } of members) {
    const endPoint = new gossip.EndPoint();
    endPoint.setAddress('127.0.0.1');
    endPoint.setPort(port);
    const member = new gossip.MemberInfo();
    member.setInstanceId(uuidOf(`00000000-0000-4000-8000-${String(port).padStart(12, '0')}`));
    member.setTimeStamp('0');
    member.setState(STATES[role]);
    member.setIsAlive(isAlive);
    member.setHttpEndPoint(endPoint);
    cluster.addMembers(member);
  }
  return cluster;
};
