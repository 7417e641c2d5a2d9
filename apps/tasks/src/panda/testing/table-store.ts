import { DatabaseSync } from 'node:sqlite';
import type { DecidedEvent } from '#event-sourcing/command.js';
import type { AppliedEvent, Projection } from '#event-sourcing/projection.js';
import { Policies } from '../../engine/policies.js';
import { UnitProjection } from '../../engine/unit-projection.js';
import { WorkloadProjection } from '../../workload/workload-projection.js';
import { pandaProjection } from '../panda-projection.js';
import { pandaPolicy } from '../policy.js';
import { rangeProjection } from '../range/range-projection.js';
import { SiteProjection } from '../site/site-projection.js';
import { SqlitePandaView } from '../sqlite-view.js';
import { WorkerProjection } from '../worker-effect/worker-projection.js';

/** The service's tables in a database of their own, without a ledger: what tests of deciders read and apply events to. */
export interface TableStore {
  readonly database: DatabaseSync;
  readonly view: SqlitePandaView;
  /** Applies events one after the other. Returns the longest time between two yields, in milliseconds. */
  apply(events: DecidedEvent | readonly DecidedEvent[], timeMicros: number): number;
  /** Rolls back what work has applied. */
  undo(work: () => void): void;
}

export const inTables = (database = new DatabaseSync(':memory:')): TableStore => {
  const units = new UnitProjection(new Policies({ panda: pandaPolicy }));
  const sites = new SiteProjection();
  const projections: readonly Projection[] = [
    new WorkloadProjection(),
    units,
    sites,
    pandaProjection,
    rangeProjection,
    new WorkerProjection(),
  ];
  for (const { tables } of projections) database.exec(tables);
  for (const { indexes } of projections) database.exec(indexes);
  const writers = projections.map((projection) => ({ projection, writer: projection.attach(database) }));
  const revisions = new Map<string, number>();
  const applyOne = ({ stream, type, data }: DecidedEvent, timeMicros: number): number => {
    const revision = (revisions.get(stream) ?? -1) + 1;
    revisions.set(stream, revision);
    const metadata = {
      ...{ timeMicros, actor: 'test', dialect: 'panda', correlationId: '', causationId: '', schemaVersion: 1 },
    };
    const id = `${stream} ${revision}`;
    // As it comes from a ledger: what JSON does not keep is lost.
    const kept: unknown = JSON.parse(JSON.stringify(data));
    const event = { stream, revision, id, type, data: kept, metadata } as AppliedEvent;
    const steps = writers.map(({ projection, writer }) => {
      const isWanted =
        projection.eventTypes?.includes(type) !== false &&
        projection.streamPrefixes.some((prefix) => stream.startsWith(prefix));
      return isWanted ? longestStep(() => writer.apply(event)) : 0;
    });
    return Math.max(...steps);
  };
  return {
    database,
    view: new SqlitePandaView(units.store, sites),
    apply: (events, timeMicros) => {
      const longestMs = Math.max(0, ...[events].flat().map((event) => applyOne(event, timeMicros)));
      for (const { writer } of writers) writer.flush?.();
      return longestMs;
    },
    undo: (work) => {
      database.exec('BEGIN');
      work();
      database.exec('ROLLBACK');
      for (const { writer } of writers) writer.forget();
    },
  };
};

const longestStep = (apply: () => void | Generator<void, void, void>): number => {
  let [startedMs, longestMs] = [performance.now(), 0];
  const step = (): void => {
    longestMs = Math.max(longestMs, performance.now() - startedMs);
    startedMs = performance.now();
  };
  const work = apply();
  step();
  if (work !== undefined) while (work.next().done !== true) step();
  step();
  return longestMs;
};
