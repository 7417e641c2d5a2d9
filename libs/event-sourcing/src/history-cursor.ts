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

/** Whether one place is behind the other. A batch ends behind all of its events. */
export const isBehind = (one: HistoryCursor, other: HistoryCursor): boolean =>
  one.at > other.at || (one.at === other.at && (one.part ?? Infinity) > (other.part ?? Infinity));
