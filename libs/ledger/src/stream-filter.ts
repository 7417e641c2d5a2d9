/** Judges whether a stream passes the prefixes of a reading; without prefixes every stream does. */
export const prefixMatcher = (streamPrefixes: readonly string[] | undefined): ((stream: string) => boolean) =>
  streamPrefixes === undefined
    ? () => true
    : (stream) => {
        for (const prefix of streamPrefixes) if (stream.startsWith(prefix)) return true;
        return false;
      };
