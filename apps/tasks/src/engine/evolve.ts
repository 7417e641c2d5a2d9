import type { UnitEvents } from '#contracts/work-events.js';
import type { Policy } from './policy.js';
import type { Unit } from './unit.js';

/** Events that change a unit which exists. */
export type UnitEvent = {
  [Type in Exclude<keyof UnitEvents, 'UnitAdded' | 'UnitsAdded'>]: {
    readonly type: Type;
    readonly data: UnitEvents[Type];
    readonly timeMicros: number;
  };
}[Exclude<keyof UnitEvents, 'UnitAdded' | 'UnitsAdded'>];

/** The same for all units that an event names: what makes a change of many units one statement. */
export interface Assignment {
  readonly status: string;
  readonly changedMicros: number;
  readonly instance?: string;
  readonly site?: string;
  readonly failures?: number;
}

/** What the event sets, if it sets the same for every unit. */
export const assignmentOf = (event: UnitEvent): Assignment | undefined => {
  const changedMicros = event.timeMicros;
  switch (event.type) {
    case 'UnitsClaimed': {
      const { status, instance_id, site } = event.data;
      return { status, changedMicros, instance: instance_id, site };
    }
    case 'UnitStarted': {
      const { status, site } = event.data;
      return { status, changedMicros, ...(site !== undefined && { site }) };
    }
    case 'UnitsMoved': {
      const { status, clears = [] } = event.data;
      return {
        status,
        changedMicros,
        ...(clears.includes('instance') && { instance: '' }),
        ...(clears.includes('site') && { site: '' }),
        ...(clears.includes('failures') && { failures: 0 }),
      };
    }
    case 'UnitFailed':
    case 'UnitSucceeded':
    case 'UnitsEvicted':
    case 'UnitAmended':
    case 'RequirementsSet':
    case 'UnitsPrioritized':
      return undefined;
  }
};

/** Counts and sums stop at their end: beyond it no row could be read and no document written. */
const oneMore = (count: number): number => Math.min(count + 1, Number.MAX_SAFE_INTEGER);
const sumOf = (hours: number, more: number): number =>
  Math.max(-Number.MAX_VALUE, Math.min(hours + more, Number.MAX_VALUE));

const afterFailure = (unit: Unit, { data, timeMicros }: Extract<UnitEvent, { type: 'UnitFailed' }>): Unit => ({
  ...unit,
  status: data.status,
  changedMicros: timeMicros,
  instance: '',
  failures: oneMore(unit.failures),
  site: data.site ?? unit.site,
  requirements: data.requirements ?? unit.requirements,
  ...(data.hours !== undefined && {
    walltimeErrHours: sumOf(unit.walltimeErrHours, data.hours),
    walltimeErrCount: oneMore(unit.walltimeErrCount),
  }),
});

/** The only place where an event changes a unit. It never throws: facts are facts. */
export const evolve = (unit: Unit, event: UnitEvent, policy: Policy): Unit => {
  switch (event.type) {
    case 'UnitsClaimed':
    case 'UnitStarted':
    case 'UnitsMoved':
      return { ...unit, ...assignmentOf(event) };
    case 'UnitFailed':
      return afterFailure(unit, event);
    case 'UnitSucceeded':
      return {
        ...unit,
        status: event.data.status,
        changedMicros: event.timeMicros,
        instance: '',
        site: event.data.site ?? unit.site,
        walltimeHours: event.data.hours ?? unit.walltimeHours,
      };
    case 'UnitsEvicted':
      return {
        ...unit,
        status: event.data.status,
        changedMicros: event.timeMicros,
        instance: '',
        evictions: oneMore(unit.evictions),
      };
    case 'UnitAmended':
      return policy.amend(unit, event.data.fields, event.timeMicros);
    case 'RequirementsSet':
      return {
        ...unit,
        requirements: policy.changeRequirements(unit.requirements, event.data.mode, event.data.requirements),
      };
    case 'UnitsPrioritized':
      return { ...unit, priority: policy.priorityOf(unit, event.data) };
  }
};
