import { INSTANT_EXPECTED, readInstant } from '#platform/instant.js';
import type { Field } from '../route/field.js';
import { intParameter, orElse, parsedParameter } from '../route/fields.js';
import { invalid } from '../route/request-source.js';

type Maybe<Value> = Field<Value, 'maybe'>;

/** Microseconds since the Unix epoch; undefined when the text is no time. A plus sign of a zone that was not escaped arrives as a blank. */
export const readGivenTime = (given: string): number | undefined =>
  readInstant(given.replace(/ (?=\d{2}:?\d{2}$)/, '+'));

/** A time, as microseconds since the Unix epoch. */
export const timeParameter = (name: string, description: string): Maybe<number> =>
  parsedParameter(name, { type: 'string' }, `${description}; ${INSTANT_EXPECTED}`, (given) => {
    const micros = readGivenTime(given);
    if (micros === undefined) throw invalid(`${name} must be ${INSTANT_EXPECTED}`);
    return micros;
  });

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
