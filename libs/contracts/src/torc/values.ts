const UNITS: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

export const GIB = 2 ** 30;

/**
 * Bytes of a memory string such as `30 G`, `10GiB`, `1.5g` or `512` (Torc contract 1.9, D16). Undefined when it is none.
 */
export const memoryBytes = (text: string): number | undefined => {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?) *(?:([kmgt])[a-z]*)?$/i.exec(text.trim()) ?? [];
  if (digits === undefined) return undefined;
  const bytes = Math.round(Number(digits) * (UNITS[unit.toLowerCase()] ?? 1));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
};

const DURATION =
  /^([+-])?P(?:(\d+(?:[.,]\d+)?)W)?(?:(\d+(?:[.,]\d+)?)D)?(?:T(?:(\d+(?:[.,]\d+)?)H)?(?:(\d+(?:[.,]\d+)?)M)?(?:(\d+(?:[.,]\d+)?)S)?)?$/i;

/** Seconds in weeks, days, hours, minutes, seconds. */
const SECONDS = [604_800, 86_400, 3_600, 60, 1];

/**
 * Seconds of an ISO 8601 duration without years and months, such as `P0DT1M` or `-PT5S` (Torc contract 1.9, D16). Undefined when
 * it is none.
 */
export const durationSeconds = (text: string): number | undefined => {
  const match = DURATION.exec(text.trim());
  if (match === null) return undefined;
  const parts: readonly (string | undefined)[] = match.slice(2, 7);
  if (parts.every((part) => part === undefined)) return undefined;
  const seconds = parts.reduce(
    (sum, part, at) => sum + Number((part ?? '0').replace(',', '.')) * (SECONDS[at] ?? 0),
    0,
  );
  return match[1] === '-' ? -seconds : seconds;
};
