import { formatTimestamp } from '#platform/clock.js';
import type { EventMetadata, RecordedEvent } from '#ledger/ledger.js';
import { idAt } from '#contracts/ids.js';
import type { Ranges, UnitsAdded } from '#contracts/work-events.js';
import type { LeaseTracker } from '../timeline/lease-tracker.js';

type Data = Readonly<Record<string, unknown>>;

/** Fields that contain raw JSON as text and are shown as JSON. */
const RAW_FIELDS = new Set(['requirements', 'resources', 'fields']);

/** Fields that list all units of the event: the history of one unit does not need them. */
const HIDDEN_FIELDS = new Set(['units', 'groups']);

/** Index of a unit among the units of an event. Undefined when the event does not concern it. */
const indexIn = (units: Ranges, ordinal: number): number | undefined => {
  let before = 0;
  for (const [first, last] of units) {
    if (ordinal < first) return undefined;
    if (ordinal <= last) return before + ordinal - first;
    before += last - first + 1;
  }
  return undefined;
};

/** One unit of a batch, with the fields of `UnitAdded`. */
const addedUnit = ({ workload_id, prefix, group_ids: groups, shapes }: UnitsAdded, position: number): Data => {
  const shape = shapes[position % shapes.length];
  const group = Math.floor(position / shapes.length);
  return {
    workload_id,
    unit_id: idAt(prefix, position),
    ...(groups && { group_id: idAt(groups.prefix, groups.first + group), group_index: groups.first_index + group }),
    index: position % shapes.length,
    ...shape,
    depends: shape?.depends.map((other) => idAt(prefix, group * shapes.length + other)) ?? [],
  };
};

const rawOf = (name: string, value: unknown): string => {
  if (typeof value === 'string' && RAW_FIELDS.has(name)) return value;
  if (typeof value === 'object' && value !== null && 'raw' in value) return String(value.raw);
  return JSON.stringify(value);
};

/** Unlike `JSON.stringify` it keeps the texts of documents inside exactly as they were received. */
const rawObject = (data: Data): string => {
  const fields = Object.entries(data).filter(([name, value]) => !HIDDEN_FIELDS.has(name) && value !== undefined);
  return `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${rawOf(name, value)}`).join(',')}}`;
};

/**
 * What an event records of one unit, as raw JSON: `{position, time, actor, event, cause, data}`. The time is UTC with the suffix
 * `Z`. Undefined when the event does not concern the unit.
 *
 * @param leases has seen all earlier events of the unit
 */
export const unitEntry = (recorded: RecordedEvent, ordinal: number, leases: LeaseTracker): string | undefined => {
  const data = JSON.parse(recorded.data) as Data;
  const position = indexIn((data['units'] ?? []) as Ranges, ordinal);
  if (position === undefined) return undefined;
  const { timeMicros, actor, causationId } = JSON.parse(recorded.metadata) as EventMetadata;
  const ended = leases.next(recorded.type, data);
  const shown = {
    ...(recorded.type === 'UnitsAdded' ? addedUnit(data as Partial<UnitsAdded> as UnitsAdded, position) : data),
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
