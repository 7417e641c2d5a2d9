/** JSON text in pieces. Each yield is a place where a slice of work may end. */
export type JsonPieces = Generator<string, void, void>;

/** A time as structured answers show it (contract 1.7). */
export const wrappedTime = (text: string): string => `{"__datetime__":${JSON.stringify(text)}}`;

/**
 * A list of values that are JSON texts already, made while they are read.
 *
 * @param values undefined where something was looked at and left out
 */
export function* jsonList(values: Iterable<string | undefined>): JsonPieces {
  let separator = '[';
  for (const value of values) {
    if (value === undefined) {
      yield '';
      continue;
    }
    yield separator + value;
    separator = ',';
  }
  yield separator === '[' ? '[]' : ']';
}

/** A member of an object; the value is JSON text already. */
export type Member = readonly [name: string, value: string];

/** An object, made as {@link jsonList} makes lists. */
export function* jsonObject(members: Iterable<Member | undefined>): JsonPieces {
  let separator = '{';
  for (const member of members) {
    if (member === undefined) {
      yield '';
      continue;
    }
    yield `${separator}${JSON.stringify(member[0])}:${member[1]}`;
    separator = ',';
  }
  yield separator === '{' ? '{}' : '}';
}
