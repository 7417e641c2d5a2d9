import type { DatabaseSync } from 'node:sqlite';
import type { Ranges, UnitAdded, UnitsAdded } from '#contracts/work-events.js';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { keyOf, workloadOfKey } from '../workload/member-key.js';
import type { WorkloadId } from '../workload/workloads.js';
import { assignmentOf, evolve } from './evolve.js';
import type { Policies } from './policies.js';
import { addedUnit } from './new-units.js';
import { UNIT_INDEXES, UNIT_TABLES } from './tables.js';
import { type DialectUnitEvent, isOfEngine, type Recorded, UNIT_CHANGE_TYPES, type UnitEvent } from './unit-event.js';
import { UnitGrid } from './unit-grid.js';
import { UnitRanges } from './unit-ranges.js';
import { UnitStore } from './unit-store.js';

/** Units changed one by one between two yields. */
const UNITS_PER_YIELD = 100;

type Change = (UnitEvent | DialectUnitEvent) & Recorded;

const isOneUnit = (units: Ranges): boolean => units.length === 1 && units[0]?.[0] === units[0]?.[1];

/** Projects the `work-` streams of all dialects to units, their counts, dependencies and the ready queue. */
export class UnitProjection implements Projection {
  readonly name = 'unit';
  readonly version = 7;
  readonly streamPrefixes: readonly string[];
  readonly eventTypes: readonly string[];
  readonly tables = UNIT_TABLES;
  readonly indexes = UNIT_INDEXES;
  private attached: UnitStore | undefined;

  constructor(private readonly policies: Policies) {
    this.streamPrefixes = policies.dialects.map((dialect) => `work-${dialect}.`);
    this.eventTypes = ['UnitAdded', 'UnitsAdded', ...UNIT_CHANGE_TYPES, ...policies.eventTypes];
  }

  /** The state that deciders read, on the writing connection, with the effects of earlier decisions. */
  get store(): UnitStore {
    if (this.attached === undefined) throw new Error('The projection of units is not attached yet');
    return this.attached;
  }

  attach(database: DatabaseSync): ProjectionWriter {
    const store = new UnitStore(database, this.policies);
    this.attached = store;
    return new UnitWriter(store);
  }
}

class UnitWriter implements ProjectionWriter {
  private readonly ranges: UnitRanges;
  private readonly grid: UnitGrid;

  constructor(private readonly store: UnitStore) {
    this.ranges = new UnitRanges(store);
    this.grid = new UnitGrid(store);
  }

  apply(event: AppliedEvent): void | Generator<void, void, void> {
    const { stream, data, revision } = event;
    const { timeMicros } = event.metadata;
    const recorded = { timeMicros, revision };
    const { workload_id: name } = data;
    const workload = this.store.reader.workloads.ensure(stream, typeof name === 'string' ? name : undefined);
    // Only the deciders of this service write these events, so that their types are known.
    if (event.type === 'UnitAdded') {
      const added = data as object as UnitAdded;
      this.store.insert(addedUnit(workload, added, timeMicros), recorded);
      return;
    }
    if (event.type === 'UnitsAdded') return this.grid.add(workload, data as object as UnitsAdded, recorded);
    return this.change(workload, { type: event.type, data, ...recorded } as object as Change);
  }

  forget(): void {
    this.store.forget();
  }

  private change(workload: WorkloadId, event: Change): void | Generator<void, void, void> {
    const { units } = event.data;
    if (isOneUnit(units)) {
      this.changeOne(keyOf(workload, units[0]?.[0] ?? 0), event);
      return;
    }
    const assignment = assignmentOf(event);
    if (assignment === undefined) return this.changeEach(workload, event);
    return this.ranges.assign(workload, units, assignment, event.revision, (key) => this.changeOne(key, event));
  }

  private changeOne(key: number, event: Change): void {
    const stored = this.store.byKey(key);
    if (stored === undefined) return;
    this.recordOutcome(key, event);
    this.store.replace(stored, evolve(stored.unit, event, this.store.policyOf(key)), event);
  }

  private recordOutcome(key: number, event: Change): void {
    if (!isOfEngine(event)) return;
    const { retries, reader } = this.store;
    const dialect = reader.workloads.dialectOf(workloadOfKey(key));
    if (event.type === 'UnitFailed') retries.failed(dialect, key, event.data, event.timeMicros);
    else if (event.type === 'UnitSucceeded') retries.succeeded(dialect, event.data);
  }

  private *changeEach(workload: WorkloadId, event: Change): Generator<void, void, void> {
    let done = 0;
    for (const [first, last] of event.data.units) {
      for (let ordinal = first; ordinal <= last; ordinal += 1) {
        this.changeOne(keyOf(workload, ordinal), event);
        if ((done += 1) % UNITS_PER_YIELD === 0) yield;
      }
    }
  }
}
