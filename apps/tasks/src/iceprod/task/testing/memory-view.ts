import type { UnitAdded, UnitsAdded } from '#contracts/work-events.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { evolve } from '../../../engine/evolve.js';
import type { UnitEvent } from '../../../engine/unit-event.js';
import { addedUnit, gridUnit } from '../../../engine/new-units.js';
import type { QueueName } from '../../../engine/policy.js';
import { compareReady, type ReadyClass, type ReadyEntry, type ReadyUnits } from '../../../engine/ready.js';
import type { WorkerRecord } from '../../../engine/retries.js';
import type { Unit, UnitKey } from '../../../engine/unit.js';
import { iceprodPolicy } from '../../policy.js';
import { keyOf, ordinalOfKey, workloadOfKey } from '../../../workload/member-key.js';
import type { DatasetState, Selected, TaskView } from '../view.js';
import { workStream } from '../../streams.js';

/** A simple in-memory view: the model that the tables are compared with. */
export class MemoryView implements TaskView, ReadyUnits {
  readonly units = new Map<UnitKey, Unit>();
  readonly datasets = new Map<string, DatasetState>();
  readonly retries = new Map<UnitKey, number>();
  readonly pilots = new Map<string, WorkerRecord>();
  private readonly homes: string[] = [];

  get ready(): ReadyUnits {
    return this;
  }

  /** Applies an event as the projection does. */
  apply({ stream, type, data }: DecidedEvent, timeMicros: number): void {
    const workload = this.workloadOf(stream);
    if (type === 'UnitAdded') this.put(addedUnit(workload, data as UnitAdded, timeMicros));
    else if (type === 'UnitsAdded') this.applyGrid(workload, data as UnitsAdded, timeMicros);
    else if (type !== 'GroupsAdded') this.change(workload, { type, data, timeMicros } as UnitEvent);
  }

  unit(id: string): Unit | undefined {
    return [...this.units.values()].find((unit) => unit.id === id);
  }

  find(id: string): (Selected & { readonly workload: string }) | undefined {
    return this.unit(id);
  }

  unitAt(key: UnitKey): Unit | undefined {
    return this.units.get(key);
  }

  dataset(datasetId: string): DatasetState {
    return this.datasets.get(datasetId) ?? { status: undefined, debug: false };
  }

  notBeforeMicros(key: UnitKey): number {
    return this.retries.get(key) ?? 0;
  }

  pilot(id: string): WorkerRecord {
    return this.pilots.get(id) ?? { failuresInARow: 0, pausedUntilMicros: 0 };
  }

  streamOf(key: UnitKey): string {
    return this.homes[workloadOfKey(key)] ?? '';
  }

  homeOf(datasetId: string): string {
    return workStream(datasetId);
  }

  nextOrdinal(datasetId: string): number {
    const workload = this.workloadOf(workStream(datasetId));
    return [...this.units.keys()].filter((key) => workloadOfKey(key) === workload).length;
  }

  unitsOf(datasetId: string): Iterable<readonly Selected[]> {
    return [this.select((unit) => unit.workload === datasetId)];
  }

  unitsNamed(datasetId: string, name: string): Iterable<readonly Selected[]> {
    return [this.select((unit) => unit.workload === datasetId && unit.name === name)];
  }

  unitsOfJob(datasetId: string, jobId: string): Iterable<readonly Selected[]> {
    return [this.select((unit) => unit.workload === datasetId && unit.group === jobId)];
  }

  get version(): number {
    return Number.NaN;
  }

  get headVersion(): number {
    return Number.NaN;
  }

  *classes(queue: QueueName): Iterable<ReadyClass> {
    const seen = new Map<string, ReadyClass>();
    for (const unit of this.units.values()) {
      const ready = this.classOf(unit);
      if (queueOf(unit) === queue) seen.set(JSON.stringify(ready), ready);
    }
    yield* seen.values();
  }

  head(ready: ReadyClass): ReadyEntry | undefined {
    return this.entries(ready, undefined, 1)[0];
  }

  entries(ready: ReadyClass, after: ReadyEntry | undefined, limit: number, priority?: number): readonly ReadyEntry[] {
    const name = JSON.stringify(ready);
    return [...this.units.values()]
      .filter((unit) => queueOf(unit) !== undefined && JSON.stringify(this.classOf(unit)) === name)
      .filter((unit) => priority === undefined || unit.priority === priority)
      .map(({ key, priority: value, id }) => ({ key, priority: value, id }))
      .sort(compareReady)
      .filter((entry) => after === undefined || compareReady(after, entry) < 0)
      .slice(0, limit);
  }

  /** How many dependencies of a unit are not complete. */
  openDependencies(unit: Unit): number {
    return iceprodPolicy.dependsOn(unit.depends).filter((id) => this.unit(id)?.status !== 'complete').length;
  }

  private applyGrid(workload: number, added: UnitsAdded, timeMicros: number): void {
    const [first, last] = added.units[0] ?? [0, -1];
    for (let position = 0; position <= last - first; position += 1) {
      const shape = added.shapes[position % added.shapes.length];
      if (shape !== undefined) this.put(gridUnit(workload, added, shape, position, timeMicros));
    }
  }

  private change(workload: number, event: UnitEvent): void {
    for (const [first, last] of event.data.units) {
      for (let ordinal = first; ordinal <= last; ordinal += 1) {
        const unit = this.units.get(keyOf(workload, ordinal));
        if (unit !== undefined) this.put(evolve(unit, event, iceprodPolicy));
      }
    }
  }

  private put(unit: Unit): void {
    this.units.set(unit.key, unit);
  }

  private workloadOf(stream: string): number {
    if (!this.homes.includes(stream)) this.homes.push(stream);
    return this.homes.indexOf(stream);
  }

  private select(accepts: (unit: Unit) => boolean): readonly Selected[] {
    return [...this.units.values()].filter(accepts).sort((a, b) => ordinalOfKey(a.key) - ordinalOfKey(b.key));
  }

  private classOf(unit: Unit): ReadyClass & { readonly queue: QueueName | undefined } {
    return {
      queue: queueOf(unit),
      workload: unit.workload,
      requirements: unit.requirements,
      site: unit.site,
      label: unit.label,
      isBlocked: this.openDependencies(unit) > 0,
      isLeased: unit.leaseId !== '',
    };
  }
}

const queueOf = (unit: Unit): QueueName | undefined => iceprodPolicy.queueOf(unit.status, unit.leaseId !== '');
