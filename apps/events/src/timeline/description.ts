import type { PartKind } from '#contracts/event-filter.js';
import type { Ranges } from '#contracts/work-events.js';
import type { ChangedValues, Values } from './values.js';

/** What has a timeline. */
export type SubjectKind = PartKind | 'workload' | 'worker' | 'site' | 'person' | 'object' | 'access';

/** How a dialect calls things, each a singular whose plural has an s. */
export type Nouns = Readonly<Record<'unit' | 'group' | 'workload' | 'worker' | 'site', string>>;

/** Words for what an event is about. */
export interface Words {
  readonly nouns: Nouns;
  /** `the task` in its own timeline, otherwise `a task` or `12 tasks`; the workload when the event names no units. */
  units(units: Ranges | undefined): string;
  /** As {@link units}, of groups. */
  groups(groups: Ranges | undefined): string;
}

/** The subject of a timeline as an event finds it. */
export interface Subject {
  /** The public id by which the timeline was asked for; of an object its `ObjectName`. */
  readonly id: string;
  /** Everything that earlier events have given it. */
  readonly before: Values;
  /** Of a part of a stream: its place among those that the event names, from 0 on. */
  readonly index: number;
}

/** Values that an event gives a subject, by the kind of the subject. */
interface ValuesByKind<Data> {
  unit?(data: Data, subject: Subject): ChangedValues;
  group?(data: Data, subject: Subject): ChangedValues;
  workload?(data: Data, subject: Subject): ChangedValues;
  worker?(data: Data, subject: Subject): ChangedValues;
  site?(data: Data, subject: Subject): ChangedValues;
  person?(data: Data, subject: Subject): ChangedValues;
  access?(data: Data, subject: Subject): ChangedValues;
  /** Undefined when the event does not concern it: it may be about all objects of a kind, or documents of another collection. */
  object?(data: Data, subject: Subject): ChangedValues | undefined;
  document?(data: Data, subject: Subject): ChangedValues | undefined;
}

/**
 * What an event of one type means. `what` says what the actor did, in the past tense, such as `claimed the task`. `sets` has, by kind of subject, the
 * values that the subject has from then on, also those that the event only implies. Types that `follows` names are what may have led to it: the last
 * one of the same timeline.
 */
export interface Description<Data> {
  what(this: void, data: Data, words: Words): string;
  readonly sets?: ValuesByKind<Data>;
  /** Correlation id of all that follows from the event by itself. */
  begins?(data: Data): string;
  /** What the event records of the unit at a place among its units, where it records more of others. */
  unitData?(data: Data, index: number): Readonly<Record<string, unknown>>;
  follows?(data: Data): readonly string[];
}

/** A description for every type of event. */
export type DescriptionsOf<Events> = { readonly [Type in keyof Events]: Description<Events[Type]> };

/** By event type. */
export type Descriptions = Readonly<Record<string, Description<object>>>;

export const countOf = (ranges: Ranges): number => ranges.reduce((count, [first, last]) => count + last - first + 1, 0);

/** `1 file`, `3 files` */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const article = (noun: string): string => (/^[aeiou]/i.test(noun) && !/^uni/i.test(noun) ? 'an' : 'a');

const phrase = (ranges: Ranges, noun: string, isSubject: boolean): string => {
  if (isSubject) return `the ${noun}`;
  const count = countOf(ranges);
  return count === 1 ? `${article(noun)} ${noun}` : counted(count, noun);
};

export const wordsFor = (nouns: Nouns, kind: SubjectKind | undefined): Words => ({
  nouns,
  units: (units) => (units === undefined ? `the ${nouns.workload}` : phrase(units, nouns.unit, kind === 'unit')),
  groups: (groups) => (groups === undefined ? `the ${nouns.workload}` : phrase(groups, nouns.group, kind === 'group')),
});

const LISTED_MAX = 5;

/** `a, b and 3 more` */
export const listed = (names: readonly (string | number)[]): string => {
  const shown = names.slice(0, LISTED_MAX).join(', ');
  return names.length > LISTED_MAX ? `${shown} and ${names.length - LISTED_MAX} more` : shown || 'nothing';
};

/** `: text`, or nothing. */
export const because = (reason: string | null | undefined): string => (reason ? `: ${reason}` : '');
