import { formatTimestamp } from '#platform/clock.js';
import type { EventMetadata, RecordedEvent } from '#ledger/ledger.js';
import { partsOfStream } from '#ledger/ref.js';

/** Media type of one event in the feed, in webhooks and in the history. */
export const CLOUD_EVENT_TYPE = 'application/cloudevents+json';

/** What is known of an event besides its data, as CloudEvents 1.0 names it; the names of extensions have no other characters than a-z and 0-9. */
export interface EventEnvelope {
  readonly specversion: '1.0';
  readonly id: string;
  /** The stream, such as `/cairn/streams/work-iceprod.main.8f1c`. */
  readonly source: string;
  /** `cairn.<dialect of the stream>.<event type>`, such as `cairn.iceprod.UnitsClaimed`. */
  readonly type: string;
  /** The ref of the aggregate, such as `iceprod.main.8f1c`. */
  readonly subject: string;
  /** UTC with microseconds and `Z`. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  /** CloudEvents want an absolute URI. {@link schemaPath} is where it is served. */
  readonly dataschema: string;
  /** The cursor behind the event: place in the history, which orders all events. */
  readonly sequence: string;
  /** Number of the event in its stream, from 0 on. */
  readonly revision: number;
  readonly actor: string;
  /** The external issuer that vouched for the actor. */
  readonly issuer?: string;
  /** The API by which the change was made. */
  readonly dialect: string;
  /** The request that led to it. */
  readonly correlationid: string;
  /** The command, or the event that led to it. */
  readonly causationid: string;
}

/** Where the schema of an event's data is served. */
export const schemaPath = (dialect: string, type: string, version: number): string =>
  `/cairn/events/schemas/${dialect}/${type}/${version}`;

/** What names the schema of an event's data, whatever host serves it. */
export const schemaUri = (dialect: string, type: string, version: number): string =>
  `urn:cairn:schema:${dialect}:${type}:${version}`;

/**
 * An event as a CloudEvent: raw JSON, with the data as it was recorded.
 *
 * @param cursor text of the cursor behind the event
 */
export const cloudEvent = (event: RecordedEvent, cursor: string): string => {
  const { stream, type, id, revision, data } = event;
  const metadata = JSON.parse(event.metadata) as EventMetadata;
  const { dialect, ref } = partsOfStream(stream);
  const envelope: EventEnvelope = {
    specversion: '1.0',
    id,
    source: `/cairn/streams/${stream}`,
    type: `cairn.${dialect}.${type}`,
    subject: ref,
    time: `${formatTimestamp(metadata.timeMicros)}Z`,
    datacontenttype: 'application/json',
    dataschema: schemaUri(dialect, type, metadata.schemaVersion),
    sequence: cursor,
    revision,
    actor: metadata.actor,
    ...(metadata.issuer !== undefined && { issuer: metadata.issuer }),
    dialect: metadata.dialect,
    correlationid: metadata.correlationId,
    causationid: metadata.causationId,
  };
  return `${JSON.stringify(envelope).slice(0, -1)},"data":${data}}`;
};
