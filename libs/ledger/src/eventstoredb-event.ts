import {
  type AllStreamResolvedEvent,
  type JSONEventData,
  type Position as ClientPosition,
  type ResolvedEvent,
  START as CLIENT_START,
} from '@eventstore/db-client';
import { eventHash } from './hash-chain.js';
import { type Position, type RecordedEvent, START } from './ledger.js';
import type { SerializedEvent } from './serialized-event.js';

/** How the client takes an event's data: an object, which it serializes itself. */
type JsonObject = Record<string, unknown>;

/** Chains the events to each other and puts each hash into its event's metadata. */
export const chained = (
  stream: string,
  expectedRevision: number,
  previous: string,
  events: readonly SerializedEvent[],
): JSONEventData[] => {
  let hash = previous;
  return events.map(({ id, type, data, metadata }, index) => {
    hash = eventHash(hash, { stream, revision: expectedRevision + 1 + index, type, id, data, metadata });
    return {
      id,
      contentType: 'application/json',
      type,
      // The texts that were hashed, parsed: when the client serializes them, the same texts come out.
      data: JSON.parse(data) as JsonObject,
      metadata: { ...(JSON.parse(metadata) as JsonObject), hash },
    };
  });
};

/** Where a reading or subscription of the client begins. */
export const clientPosition = (after: Position): ClientPosition | typeof CLIENT_START =>
  after === START ? CLIENT_START : { commit: BigInt(after), prepare: BigInt(after) };

/** An event as the ledger keeps it; undefined for one that Cairn did not write, such as the server's own. */
export const recordedEvent = ({ event }: ResolvedEvent | AllStreamResolvedEvent): RecordedEvent | undefined => {
  if (event === undefined || !event.isJson || event.streamId.startsWith('$') || event.type.startsWith('$')) {
    return undefined;
  }
  const { streamId, revision, id, type, data } = event;
  const metadata: unknown = event.metadata;
  if (typeof metadata !== 'object' || metadata === null || !('hash' in metadata)) return undefined;
  const { hash, ...hashed } = metadata;
  if (typeof hash !== 'string') return undefined;
  return {
    position: positionOf(event.position),
    stream: streamId,
    revision: Number(revision),
    id,
    type,
    data: JSON.stringify(data),
    metadata: JSON.stringify(hashed),
    hash,
  };
};

/** Servers that do not report the positions of a stream's events answer with none, 0 or the largest number there is. */
const positionOf = (reported: ClientPosition | undefined): Position => {
  const position = Number(reported?.commit);
  if (position > START && Number.isSafeInteger(position)) return position;
  throw new Error('Cairn needs an EventStoreDB of version 22.6 or newer');
};
