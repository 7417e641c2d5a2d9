import type { Ranges, UnitEvents } from '#contracts/work-events.js';

/** Types of events that add and remove units and their dependencies. */
export const UNIT_SET_TYPES = ['UnitAdded', 'UnitsAdded', 'UnitsLinked', 'UnitsUnlinked', 'UnitsRemoved'] as const;

type ChangeType = Exclude<keyof UnitEvents, (typeof UNIT_SET_TYPES)[number]>;

/** When an event happened, and its number in the stream of the unit's home. */
export interface Recorded {
  readonly timeMicros: number;
  readonly revision: number;
}

/** Events of the engine that change units which exist. */
export type UnitEvent = {
  [Type in ChangeType]: { readonly type: Type; readonly data: UnitEvents[Type]; readonly timeMicros: number };
}[ChangeType];

/** An event of a single dialect that changes units. The dialect's policy applies it. */
export interface DialectUnitEvent {
  readonly type: string;
  readonly data: { readonly units: Ranges };
  readonly timeMicros: number;
}

const CHANGE_TYPES: Readonly<Record<ChangeType, true>> = {
  ...{ UnitsClaimed: true, UnitStarted: true, UnitFailed: true, UnitSucceeded: true },
  ...{ UnitsMoved: true, UnitsEvicted: true, UnitAmended: true },
};

/** Types of {@link UnitEvent}. */
export const UNIT_CHANGE_TYPES: readonly string[] = Object.keys(CHANGE_TYPES);

export const isOfEngine = (event: UnitEvent | DialectUnitEvent): event is UnitEvent =>
  Object.hasOwn(CHANGE_TYPES, event.type);
