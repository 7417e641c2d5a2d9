import type { DatabaseSync } from 'node:sqlite';
import type { DatasetSubmitted } from '#contracts/iceprod/dataset-events.js';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { WORKLOAD_INDEX, WORKLOAD_TABLE, Workloads, type WorkloadId } from './workloads.js';

/** Told when facts of a dataset change that decide about its units. */
type FactsListener = (id: WorkloadId) => void;

/** Keeps the `workload` table: facts of datasets, replicated from the service that owns them. */
export class WorkloadProjection implements Projection {
  readonly name = 'workload';
  readonly version = 1;
  readonly streamPrefixes = ['workload-iceprod.'];
  readonly tables = WORKLOAD_TABLE;
  readonly indexes = WORKLOAD_INDEX;
  private readonly listeners: FactsListener[] = [];

  /** For in-memory state that depends on facts. */
  onFacts(listener: FactsListener): void {
    this.listeners.push(listener);
  }

  attach(database: DatabaseSync): ProjectionWriter {
    const workloads = new Workloads(database);
    const submit = database.prepare(
      'UPDATE workload SET number = ?, status = ?, debug = ?, truncated = 0 WHERE id = ?',
    );
    const move = database.prepare('UPDATE workload SET status = ? WHERE id = ?');
    const truncate = database.prepare('UPDATE workload SET truncated = 1 WHERE id = ?');
    const store = (id: WorkloadId, { type, data }: AppliedEvent): void => {
      switch (type) {
        case 'WorkloadSubmitted': {
          const facts = data as Partial<DatasetSubmitted>;
          submit.run(facts.dataset ?? null, facts.status ?? null, facts.debug === true ? 1 : 0, id);
          return;
        }
        case 'WorkloadMoved':
          move.run(String(data['status']), id);
          return;
        case 'DatasetTruncated':
          truncate.run(id);
      }
    };
    return {
      apply: (event) => {
        const name = event.data['workload_id'];
        const id = workloads.ensure(event.stream, typeof name === 'string' ? name : undefined);
        store(id, event);
        for (const listener of this.listeners) listener(id);
      },
      forget: () => workloads.forget(),
    };
  }
}
