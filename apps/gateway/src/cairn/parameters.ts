import type { Field } from '../route/field.js';
import { intParameter, orElse, parsedParameter } from '../route/fields.js';
import { invalid } from '../route/request-source.js';

type Maybe<Value> = Field<Value, 'maybe'>;

const TIME = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,6}))?(Z|[+-]\d{2}:\d{2}))?$/;

/** Microseconds since the Unix epoch of a date (its begin in UTC) or an ISO 8601 time with its zone; undefined for anything else. */
export const readTime = (text: string): number | undefined => {
  const [, date, clock = '00:00', fraction = '', zone = 'Z'] = TIME.exec(text) ?? [];
  const seconds = clock.length === 5 ? `${clock}:00` : clock;
  const micros = Date.parse(`${date}T${seconds}${zone}`) * 1000 + Number(fraction.padEnd(6, '0'));
  return Number.isSafeInteger(micros) ? micros : undefined;
};

/** A time, as microseconds since the Unix epoch. */
export const timeParameter = (name: string, description: string): Maybe<number> =>
  parsedParameter(
    name,
    { type: 'string' },
    `${description}; a time with its zone like 2026-01-31T12:00:00Z, or a date`,
    (given) => {
      // A plus sign of a zone that was not escaped arrives as a blank.
      const micros = readTime(given.replace(/ (?=\d{2}:\d{2}$)/, '+'));
      if (micros === undefined) {
        throw invalid(`${name} must be a time with its zone like 2026-01-31T12:00:00Z, or a date like 2026-01-31`);
      }
      return micros;
    },
  );

/** Words separated by commas, of those that are given here, or any. */
export const wordsParameter = <Word extends string = string>(
  name: string,
  description: string,
  words?: readonly Word[],
): Maybe<readonly Word[]> =>
  parsedParameter(
    name,
    { type: 'string' },
    `${description}; several are separated by commas${words === undefined ? '' : `: ${words.join(', ')}`}`,
    (given) => {
      const known = given.split(',').filter((word): word is Word => isOneOf(word, words));
      if (known.length < given.split(',').length) {
        throw invalid(`${name} must be some of ${words?.join(', ')}, separated by commas`);
      }
      return known;
    },
  );

/** One of some words. */
export const wordParameter = <Word extends string>(
  name: string,
  description: string,
  words: readonly Word[],
): Maybe<Word> =>
  parsedParameter(name, { type: 'string', enum: words }, description, (given) => {
    if (!isOneOf(given, words)) throw invalid(`${name} must be one of ${words.join(', ')}`);
    return given;
  });

const isOneOf = <Word extends string>(word: string, words: readonly Word[] | undefined): word is Word =>
  words === undefined || (words as readonly string[]).includes(word);

/** How many entries a page may have. */
export const limitParameter = (most: number, unlessGiven: number): Field<number, 'always'> =>
  orElse(
    intParameter('limit', 'entries of a page, at most', `limit must be an integer from 1 to ${most}`, 1, most),
    unlessGiven,
  );
