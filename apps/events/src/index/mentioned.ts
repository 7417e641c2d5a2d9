import type { ObjectName } from '#contracts/cairn/objects.js';
import type { PartKind } from '#contracts/event-filter.js';
import type { EventTypes } from '#contracts/event-types.js';
import type { Ranges } from '#contracts/work-events.js';

/** Parts of a stream get their public ids with an event: the ordinals are those of its stream. */
export type NamedPart = {
  readonly kind: PartKind;
  readonly ordinal: number;
} & (
  | { readonly id: string }
  /** `count` of them, numbered from `first` on: see `idAt`. */
  | { readonly prefix: string; readonly first: number; readonly count: number }
);

/** Names may be left out or empty: then nothing is mentioned. */
type Names = readonly (string | number | null | undefined)[];

/** What the data of an event says about others than its stream, its units and its groups. */
export interface Mentioned {
  /** Public ids of workloads of the same dialect. */
  readonly workloads?: Names;
  readonly workers?: Names;
  readonly sites?: Names;
  /** Names of accounts and users. */
  readonly people?: Names;
  readonly objects?: readonly ObjectName[];
  /** Of the event's stream: ordinals of documents. */
  readonly documents?: Ranges;
  /** Public ids of units of other streams. */
  readonly units?: Names;
  /** What gets its public id. */
  readonly named?: Iterable<NamedPart>;
}

/** By event type; types that mention nothing are left out. */
export type MentionsOf<Of extends keyof EventTypes> = {
  /** `home` is the id of the stream: of the workflow in whose stream the event is. */
  readonly [Type in keyof EventTypes[Of]]?: (data: EventTypes[Of][Type], home: string) => Mentioned;
};

/** {@link MentionsOf} whatever the dialect: the type of an event decides which data it has. */
export type MentionsByType = Readonly<Record<string, ((data: never, home: string) => Mentioned) | undefined>>;
