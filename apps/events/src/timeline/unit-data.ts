import type { Ranges } from '#contracts/work-events.js';

type Data = Readonly<Record<string, unknown>>;

/** Fields that contain raw JSON as text and are shown as JSON. */
const RAW_FIELDS = new Set(['requirements', 'resources', 'fields']);

/** Fields that list all units of the event: the timeline of one unit does not need them. */
const HIDDEN_FIELDS = new Set(['units', 'groups']);

/** Index of a unit or group among those of an event. Undefined when the event does not concern it. */
export const indexIn = (members: Ranges, ordinal: number): number | undefined => {
  let before = 0;
  for (const [first, last] of members) {
    if (ordinal < first) return undefined;
    if (ordinal <= last) return before + ordinal - first;
    before += last - first + 1;
  }
  return undefined;
};

const rawOf = (name: string, value: unknown): string => {
  if (typeof value === 'string' && RAW_FIELDS.has(name)) return value;
  if (typeof value === 'object' && value !== null && 'raw' in value) return String(value.raw);
  return JSON.stringify(value);
};

/** What an event records of one unit, as raw JSON. Unlike `JSON.stringify` it keeps the texts of documents inside exactly as they were received. */
export const unitData = (data: Data): string => {
  const fields = Object.entries(data).filter(([name, value]) => !HIDDEN_FIELDS.has(name) && value !== undefined);
  return `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${rawOf(name, value)}`).join(',')}}`;
};
