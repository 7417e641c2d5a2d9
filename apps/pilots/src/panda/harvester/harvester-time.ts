const SPELLING = /^(?:datetime\/)?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:?\d\d)?$/;
const ORACLE = /^(\d\d)-([A-Za-z]{3})-(\d\d) (\d\d:\d\d:\d\d)$/;
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

const MINUTE_MS = 60_000;
const WITH_SECONDS = 'YYYY-MM-DDTHH:MM:SS'.length;

const shiftMs = (zone: string | undefined): number => {
  if (zone === undefined || zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2));
  return (zone.startsWith('-') ? -minutes : minutes) * MINUTE_MS;
};

const timeOf = (date: string, time: string, fraction = '', zone?: string): string | undefined => {
  const local = Date.parse(`${date}T${time}Z`);
  // A day that a month does not have would become one of the next month.
  if (Number.isNaN(local) || !new Date(local).toISOString().startsWith(`${date}T${time}`)) return undefined;
  const text = new Date(local - shiftMs(zone)).toISOString().slice(0, WITH_SECONDS);
  return Number(fraction) === 0 ? text : `${text}.${fraction.padEnd(6, '0').slice(0, 6)}`;
};

/**
 * A time as harvester spells it (PanDA contract 3.7): `datetime/2025-06-01 12:00:00.000000`, `02-NOV-24 00:02:18`, or ISO.
 *
 * @returns `2025-06-01T12:00:00[.ffffff]` in UTC; undefined for what is no time
 */
export const harvesterTime = (text: string): string | undefined => {
  const spelled = SPELLING.exec(text);
  if (spelled !== null) return timeOf(spelled[1] ?? '', spelled[2] ?? '', spelled[3], spelled[4]);
  const oracle = ORACLE.exec(text);
  const month = MONTHS.indexOf(oracle?.[2]?.toUpperCase() ?? '') + 1;
  if (oracle === null || month === 0) return undefined;
  return timeOf(`20${oracle[3] ?? ''}-${String(month).padStart(2, '0')}-${oracle[1] ?? ''}`, oracle[4] ?? '');
};
