const SECONDS_PER_DAY = 86_400;

/**
 * Seconds of a time as Slurm prints and reads it: `minutes`, `minutes:seconds`, `hours:minutes:seconds`, `days-hours`,
 * `days-hours:minutes` and `days-hours:minutes:seconds`. `undefined` for words such as `UNLIMITED` and for other text.
 */
export const secondsOf = (text: string): number | undefined => {
  const parts = /^(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?$/.exec(text);
  if (parts === null) return undefined;
  const [days, ...clock] = parts
    .slice(1)
    .map((part) => ((part as string | undefined) === undefined ? undefined : Number(part)));
  const [first = 0, second, third] = clock;
  if (days !== undefined) return days * SECONDS_PER_DAY + first * 3600 + (second ?? 0) * 60 + (third ?? 0);
  // Without days the last part is seconds, except that a single number is minutes.
  if (third !== undefined) return first * 3600 + (second ?? 0) * 60 + third;
  return first * 60 + (second ?? 0);
};
