/** Streams that begin with one of the prefixes; undefined: all. */
export type Wanted = readonly string[] | undefined;

/** Whether everything that is added is wanted already. */
export const includes = (wanted: Wanted, added: Wanted): boolean =>
  wanted === undefined || (added?.every((prefix) => wanted.some((known) => prefix.startsWith(known))) ?? false);

export const union = (wanted: Wanted, added: Wanted): Wanted => {
  if (wanted === undefined || added === undefined) return undefined;
  const more = added.filter((prefix) => !includes(wanted, [prefix]));
  return [...wanted.filter((prefix) => !includes(more, [prefix])), ...more];
};

/** Judges whether a stream passes the prefixes of a reading; without prefixes every stream does. */
export const prefixMatcher = (streamPrefixes: Wanted): ((stream: string) => boolean) =>
  streamPrefixes === undefined
    ? () => true
    : (stream) => {
        for (const prefix of streamPrefixes) if (stream.startsWith(prefix)) return true;
        return false;
      };
