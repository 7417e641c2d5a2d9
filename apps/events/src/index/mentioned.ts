import type { EventTypes } from '#contracts/event-types.js';

/** Units or groups get their public ids with an event: the ordinals are those of its stream. */
export type NamedPart = {
  readonly kind: 'unit' | 'group';
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
  /** Public ids of units of other streams. */
  readonly units?: Names;
  /** What gets its public id. */
  readonly named?: Iterable<NamedPart>;
}

/** By event type; types that mention nothing are left out. */
export type MentionsOf<Of extends keyof EventTypes> = {
  readonly [Type in keyof EventTypes[Of]]?: (data: EventTypes[Of][Type]) => Mentioned;
};

/** {@link MentionsOf} whatever the dialect: the type of an event decides which data it has. */
export type MentionsByType = Readonly<Record<string, ((data: never) => Mentioned) | undefined>>;
