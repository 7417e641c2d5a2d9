import type { Assignment } from './assignment.js';
import type { Policy } from './policy.js';
import { type DialectUnitEvent, isOfEngine, type UnitEvent } from './unit-event.js';
import type { Unit } from './unit.js';

/** What the event sets, if it sets the same values for every unit. */
export const assignmentOf = (event: UnitEvent | DialectUnitEvent, policy: Policy): Assignment | undefined => {
  if (!isOfEngine(event)) return policy.assignmentOf?.(event);
  const changedMicros = event.timeMicros;
  switch (event.type) {
    case 'UnitsClaimed': {
      const { status, lease_id, holder = '', site } = event.data;
      return { status, outcome: '', changedMicros, leaseId: lease_id, holder, site };
    }
    case 'UnitStarted': {
      const { status, site } = event.data;
      return { status, outcome: '', changedMicros, ...(site !== undefined && { site }) };
    }
    case 'UnitsMoved': {
      const { status, outcome = '', clears = [] } = event.data;
      return {
        ...{ status, outcome },
        changedMicros,
        ...(clears.includes('lease') && { leaseId: '' }),
        ...(clears.includes('site') && { site: '' }),
        ...(clears.includes('failures') && { failures: 0 }),
      };
    }
    case 'UnitFailed':
    case 'UnitSucceeded':
    case 'UnitsEvicted':
    case 'UnitAmended':
      return undefined;
  }
};

/** Counts and sums are capped: SQLite or JSON could not represent larger numbers. */
const oneMore = (count: number): number => Math.min(count + 1, Number.MAX_SAFE_INTEGER);
const sumOf = (hours: number, more: number): number =>
  Math.max(-Number.MAX_VALUE, Math.min(hours + more, Number.MAX_VALUE));

const afterFailure = (unit: Unit, { data, timeMicros }: Extract<UnitEvent, { type: 'UnitFailed' }>): Unit => ({
  ...unit,
  status: data.status,
  outcome: data.outcome ?? '',
  changedMicros: timeMicros,
  leaseId: '',
  failures: oneMore(unit.failures),
  site: data.site ?? unit.site,
  requirements: data.requirements ?? unit.requirements,
  ...(data.hours !== undefined && {
    walltimeErrHours: sumOf(unit.walltimeErrHours, data.hours),
    walltimeErrCount: oneMore(unit.walltimeErrCount),
  }),
});

/** Whether a unit of this status and lease may be held by a caller: a lease ends with the run, whatever word for it remains. */
export const mayHaveHolder = (
  {
    status,
    outcome,
    leaseId,
  }: { readonly status: string; readonly outcome: string; readonly leaseId: string | undefined },
  policy: Policy,
): boolean => {
  const phase = policy.phaseOf(status, outcome);
  return leaseId !== '' && (phase === 'claimed' || phase === 'running');
};

/** The only function that applies an event to a unit. It never throws, because events cannot be refused. */
export const evolve = (unit: Unit, event: UnitEvent | DialectUnitEvent, policy: Policy): Unit => {
  const after = applied(unit, event, policy);
  if (after.holder === '') return after;
  // Who overwrites a lease takes it from its holder.
  const isSameLease = after.leaseId === unit.leaseId || event.type === 'UnitsClaimed';
  return isSameLease && mayHaveHolder(after, policy) ? after : { ...after, holder: '' };
};

const applied = (unit: Unit, event: UnitEvent | DialectUnitEvent, policy: Policy): Unit => {
  if (!isOfEngine(event)) return policy.evolve(unit, event);
  switch (event.type) {
    case 'UnitsClaimed':
    case 'UnitStarted':
    case 'UnitsMoved':
      return { ...unit, ...assignmentOf(event, policy) };
    case 'UnitFailed':
      return afterFailure(unit, event);
    case 'UnitSucceeded':
      return {
        ...unit,
        status: event.data.status,
        outcome: event.data.outcome ?? '',
        changedMicros: event.timeMicros,
        leaseId: '',
        site: event.data.site ?? unit.site,
        walltimeHours: event.data.hours ?? unit.walltimeHours,
      };
    case 'UnitsEvicted':
      return {
        ...unit,
        status: event.data.status,
        outcome: '',
        changedMicros: event.timeMicros,
        leaseId: '',
        evictions: oneMore(unit.evictions),
      };
    case 'UnitAmended':
      return policy.amend(unit, event.data.fields, event.timeMicros);
  }
};
