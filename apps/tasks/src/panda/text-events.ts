import type { JobTextName, TaskTextName, TextContinued, TextStored } from '#contracts/panda/events.js';
import type { Ranges } from '#contracts/work-events.js';
import type { DecidedEvent } from '#event-sourcing/command.js';

/** Characters of one event: however they are escaped and encoded, they fit its size limit of 256 KiB. */
const CHARACTERS_PER_EVENT = 40_000;

/** Events that store a text of a task, or of the one job that `units` names. */
export const textEvents = (
  stream: string,
  name: TaskTextName | JobTextName,
  text: string,
  units?: Ranges,
): readonly DecidedEvent[] => {
  const events: DecidedEvent[] = [];
  let from = 0;
  do {
    const piece = pieceAt(text, from);
    from += piece.length;
    const data: TextStored | TextContinued = {
      ...(units !== undefined && { units }),
      name,
      text: piece,
      ...(from < text.length && { goes_on: true }),
    };
    events.push({ stream, type: events.length === 0 ? 'TextStored' : 'TextContinued', data });
  } while (from < text.length);
  return events;
};

/** Never ends between the two halves of a surrogate pair, which no encoding could store apart. */
const pieceAt = (text: string, from: number): string => {
  const piece = text.slice(from, from + CHARACTERS_PER_EVENT);
  const isCut = from + piece.length < text.length && /[\uD800-\uDBFF]$/u.test(piece);
  return isCut ? piece.slice(0, -1) : piece;
};
