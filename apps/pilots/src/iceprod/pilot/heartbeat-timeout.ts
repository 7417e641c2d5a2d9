import { kindOf, membersOf } from '#contracts/raw-json.js';

/** A pilot that promises no heartbeats is lost after two weeks without a report (IceProd contract 12.3). */
export const DEFAULT_TIMEOUT_SECONDS = 14 * 24 * 60 * 60;

const TIMEOUT_SECONDS_MIN = 30;

const FIELD = 'heartbeat_seconds';

/** Seconds without a heartbeat after which the pilot of this document is lost; undefined when it says nonsense. */
export const heartbeatTimeoutOf = (document: string): number | undefined => {
  const raw = membersOf(document).get(FIELD);
  if (raw === undefined) return DEFAULT_TIMEOUT_SECONDS;
  const seconds = kindOf(raw) === 'number' ? Number(raw) : Number.NaN;
  const isAllowed = Number.isInteger(seconds) && seconds >= TIMEOUT_SECONDS_MIN && seconds <= DEFAULT_TIMEOUT_SECONDS;
  return isAllowed ? seconds : undefined;
};

const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;

/** `2 weeks` as `14 days`, 90 seconds as `90 seconds`: the largest unit that leaves no rest. */
export const durationText = (seconds: number): string => {
  const [name, length] = UNITS.find(([, size]) => seconds % size === 0) ?? (['second', 1] as const);
  const count = seconds / length;
  return `${String(count)} ${name}${count === 1 ? '' : 's'}`;
};
