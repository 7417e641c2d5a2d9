import type { DatabaseSync } from 'node:sqlite';
import type {
  Ranges,
  UnitAdded,
  UnitsAdded,
  UnitsLinked,
  UnitsRemoved,
  UnitsUnlinked,
} from '#contracts/work-events.js';
import type { ColumnNames, AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { keyOf, workloadOfKey } from '../workload/member-key.js';
import type { WorkloadId } from '../workload/workloads.js';
import { CountChanges } from './counts.js';
import { assignmentOf, evolve } from './evolve.js';
import type { Policies } from './policies.js';
import { addedUnit } from './new-units.js';
import { NUMBERED_UNIT_TABLES, UNIT_INDEXES, UNIT_TABLES } from './tables.js';
import {
  type DialectUnitEvent,
  isOfEngine,
  type Recorded,
  UNIT_CHANGE_TYPES,
  UNIT_SET_TYPES,
  type UnitEvent,
} from './unit-event.js';
import type { Unit } from './unit.js';
import { UnitGrid } from './unit-grid.js';
import { UnitLinks } from './unit-links.js';
import { UnitRanges } from './unit-ranges.js';
import { UnitRemoval } from './unit-removal.js';
import { UnitStore } from './unit-store.js';
import { UNIT_NAMES } from './unit-names.js';

/** Units changed one by one between two yields. */
const UNITS_PER_YIELD = 100;

type Change = (UnitEvent | DialectUnitEvent) & Recorded;

const isOneUnit = (units: Ranges): boolean => units.length === 1 && units[0]?.[0] === units[0]?.[1];

/** Projects the `work-` streams of all dialects to units, their counts, dependencies and the ready queue. */
export class UnitProjection implements Projection {
  readonly name = 'unit';
  readonly version = 8;
  readonly streamPrefixes: readonly string[];
  readonly eventTypes: readonly string[];
  readonly tables = UNIT_TABLES;
  readonly indexes = UNIT_INDEXES;
  readonly names: ColumnNames = UNIT_NAMES;
  readonly numbered = NUMBERED_UNIT_TABLES;
  private attached: UnitStore | undefined;

  constructor(private readonly policies: Policies) {
    this.streamPrefixes = policies.dialects.map((dialect) => `work-${dialect}.`);
    this.eventTypes = [...UNIT_SET_TYPES, ...UNIT_CHANGE_TYPES, ...policies.eventTypes];
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
  private readonly links: UnitLinks;
  private readonly removal: UnitRemoval;

  constructor(private readonly store: UnitStore) {
    this.ranges = new UnitRanges(store);
    this.grid = new UnitGrid(store);
    this.links = new UnitLinks(store);
    this.removal = new UnitRemoval(store);
  }

  apply({ stream, type, data, revision, metadata }: AppliedEvent): void | Generator<void, void, void> {
    const { timeMicros } = metadata;
    const recorded = { timeMicros, revision };
    const { workload_id: name } = data;
    const workload = this.store.reader.workloads.ensure(stream, typeof name === 'string' ? name : undefined);
    // Only the deciders of this service write these events, so that their types are known.
    const facts: object = data;
    switch (type) {
      case 'UnitAdded':
        this.store.insert(addedUnit(workload, facts as UnitAdded, timeMicros), recorded);
        return;
      case 'UnitsAdded':
        return this.grid.add(workload, facts as UnitsAdded, recorded);
      case 'UnitsLinked':
        return this.links.link(workload, facts as UnitsLinked, recorded);
      case 'UnitsUnlinked':
        return this.links.unlink(workload, facts as UnitsUnlinked, recorded);
      case 'UnitsRemoved':
        return this.removal.remove(workload, (facts as UnitsRemoved).units);
      default: {
        const adds = this.store.policies.of(this.store.reader.workloads.dialectOf(workload)).adds?.[type];
        if (adds !== undefined) return this.addEach(adds(workload, facts, timeMicros), recorded);
        return this.change(workload, { type, data, ...recorded } as object as Change);
      }
    }
  }

  flush(): void {
    this.store.flush();
  }

  forget(): void {
    this.store.forget();
  }

  private *addEach(units: Iterable<Unit>, recorded: Recorded): Generator<void, void, void> {
    const counts = new CountChanges();
    let done = 0;
    for (const unit of units) {
      this.store.insert(unit, recorded, counts);
      if ((done += 1) % UNITS_PER_YIELD === 0) yield;
    }
    counts.flush(this.store.counts);
  }

  private change(workload: WorkloadId, event: Change): void | Generator<void, void, void> {
    const { units } = event.data;
    if (isOneUnit(units)) return this.changeOne(keyOf(workload, units[0]?.[0] ?? 0), event);
    const assignment = assignmentOf(event, this.store.policyOf(keyOf(workload, 0)));
    if (assignment === undefined) return this.changeEach(workload, event);
    return this.ranges.assign(workload, units, assignment, event, (key) => this.changeOne(key, event));
  }

  private *changeEach(workload: WorkloadId, event: Change): Generator<void, void, void> {
    let done = 0;
    for (const [first, last] of event.data.units) {
      for (let ordinal = first; ordinal <= last; ordinal += 1) {
        const rest = this.changeOne(keyOf(workload, ordinal), event);
        if (rest !== undefined) yield* rest;
        if ((done += 1) % UNITS_PER_YIELD === 0) yield;
      }
    }
  }

  private changeOne(key: number, event: Change): void | Generator<void, void, void> {
    const stored = this.store.byKey(key);
    if (stored === undefined) return;
    this.recordOutcome(key, event);
    return this.store.replace(stored, evolve(stored.unit, event, this.store.policyOf(key)), event);
  }

  private recordOutcome(key: number, event: Change): void {
    if (!isOfEngine(event)) return;
    const { retries, reader } = this.store;
    const dialect = reader.workloads.dialectOf(workloadOfKey(key));
    if (event.type === 'UnitFailed') retries.failed(dialect, key, event.data, event.timeMicros);
    else if (event.type === 'UnitSucceeded') retries.succeeded(dialect, event.data);
  }
}
