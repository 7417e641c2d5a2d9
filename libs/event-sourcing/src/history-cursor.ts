import { type Position, START } from '#ledger/ledger.js';

/**
 * A place in the history: everything that took effect up to the position `at`. With `part`, of the batch that was sealed at `at` only its first
 * `part` events.
 */
export interface HistoryCursor {
  readonly at: Position;
  /** From 1 on. */
  readonly part?: number;
}

/** A place where somebody has been. A history that was restored, or moved, may have come to the same position in another way. */
export interface SeenPlace extends HistoryCursor {
  /** Id of the event that the ledger has at `at`: of a batch, the one that seals it. Absent where it is not known. */
  readonly eventId?: string;
}

export const HISTORY_START: HistoryCursor = { at: START };

export const cursorAt = (at: Position, part?: number): HistoryCursor => (part === undefined ? { at } : { at, part });

/** `4711`, or `4711.3` behind the third event of a batch. */
export const textOfCursor = ({ at, part }: HistoryCursor): string => (part === undefined ? `${at}` : `${at}.${part}`);

/** Parses the result of {@link textOfCursor}; undefined when it is none. */
export const readHistoryCursor = (text: string): HistoryCursor | undefined => {
  const [, at, part] = /^(\d{1,16})(?:\.(\d{1,10}))?$/.exec(text) ?? [];
  if (at === undefined || !Number.isSafeInteger(Number(at)) || part === '0') return undefined;
  return cursorAt(Number(at), part === undefined ? undefined : Number(part));
};

/** `4711-<id of the event at 4711>`, or what {@link textOfCursor} gives where the event is not known. */
export const textOfPlace = (place: SeenPlace): string =>
  place.eventId === undefined ? textOfCursor(place) : `${textOfCursor(place)}-${place.eventId}`;

/** Parses the result of {@link textOfPlace}; undefined when it is none. */
export const readSeenPlace = (text: string): SeenPlace | undefined => {
  const [, cursorText = '', eventId] = /^([^-]*)(?:-([\w-]{1,64}))?$/.exec(text) ?? [];
  const cursor = readHistoryCursor(cursorText);
  return cursor && { ...cursor, ...(eventId !== undefined && { eventId }) };
};

/** Whether one place is behind the other. A batch ends behind all of its events. */
export const isBehind = (one: HistoryCursor, other: HistoryCursor): boolean =>
  one.at > other.at || (one.at === other.at && (one.part ?? Infinity) > (other.part ?? Infinity));
