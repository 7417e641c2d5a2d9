import { formatTimestamp } from '#platform/clock.js';
import type { EventMetadata, RecordedEvent } from '#ledger/ledger.js';
import { idAt } from '#contracts/ids.js';
import type { Ranges, UnitsAdded } from '#contracts/work-events.js';
import type { LeaseTracker } from './lease-tracker.js';

type Data = Readonly<Record<string, unknown>>;

/** Fields that hold raw JSON as text; they are shown as JSON. */
const RAW_FIELDS = new Set(['requirements', 'resources', 'fields']);

/** Fields that name all units of the event: they are of no interest in the history of one. */
const HIDDEN_FIELDS = new Set(['units', 'groups']);

/** Place of a unit among the units of an event, from 0; undefined when the event is not about it. */
const placeOf = (units: Ranges, ordinal: number): number | undefined => {
  let place = 0;
  for (const [first, last] of units) {
    if (ordinal < first) return undefined;
    if (ordinal <= last) return place + ordinal - first;
    place += last - first + 1;
  }
  return undefined;
};

/** One unit of a batch, with the fields of `UnitAdded`. */
const addedUnit = ({ workload_id, prefix, group_ids: groups, shapes }: UnitsAdded, place: number): Data => {
  const shape = shapes[place % shapes.length];
  const group = Math.floor(place / shapes.length);
  return {
    workload_id,
    unit_id: idAt(prefix, place),
    ...(groups && { group_id: idAt(groups.prefix, groups.first + group), group_index: groups.first_index + group }),
    index: place % shapes.length,
    ...shape,
    depends: shape?.depends.map((other) => idAt(prefix, group * shapes.length + other)) ?? [],
  };
};

const rawOf = (name: string, value: unknown): string => {
  if (typeof value === 'string' && RAW_FIELDS.has(name)) return value;
  if (typeof value === 'object' && value !== null && 'raw' in value) return String(value.raw);
  return JSON.stringify(value);
};

/** Not `JSON.stringify`: documents inside must be shown exactly as they were received. */
const rawObject = (data: Data): string => {
  const fields = Object.entries(data).filter(([name, value]) => !HIDDEN_FIELDS.has(name) && value !== undefined);
  return `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${rawOf(name, value)}`).join(',')}}`;
};

/**
 * What an event records of one unit, as raw JSON: `{position, time, actor, event, cause, data}`. The time is UTC and says so.
 * Undefined when the event does not concern the unit.
 *
 * @param leases has seen all earlier events of the unit
 */
export const unitEntry = (recorded: RecordedEvent, ordinal: number, leases: LeaseTracker): string | undefined => {
  const data = JSON.parse(recorded.data) as Data;
  const place = placeOf((data['units'] ?? []) as Ranges, ordinal);
  if (place === undefined) return undefined;
  const { timeMicros, actor, causationId } = JSON.parse(recorded.metadata) as EventMetadata;
  const ended = leases.next(recorded.type, data);
  const shown = {
    ...(recorded.type === 'UnitsAdded' ? addedUnit(data as Partial<UnitsAdded> as UnitsAdded, place) : data),
    ...(ended !== undefined && { ended_lease_id: ended }),
  };
  const head = {
    position: recorded.position,
    time: `${formatTimestamp(timeMicros)}Z`,
    actor,
    event: recorded.type,
    cause: causationId,
  };
  return `${JSON.stringify(head).slice(0, -1)},"data":${rawObject(shown)}}`;
};
