import type { DatabaseSync } from 'node:sqlite';
import type { WorkloadEvents } from '#contracts/workload-events.js';
import type { ColumnNames, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { WORKLOAD_TABLE, Workloads, type WorkloadId } from './workloads.js';

const EVENT_TYPES: readonly (keyof WorkloadEvents)[] = ['WorkloadSubmitted', 'WorkloadMoved'];

/** Called when the status of a workload has changed. */
type StatusListener = (id: WorkloadId) => void;

/** Projects workloads of all dialects to the `workload` table. The datasets service owns them. */
export class WorkloadProjection implements Projection {
  readonly name = 'workload';
  readonly version = 2;
  readonly streamPrefixes = ['workload-'];
  readonly eventTypes = EVENT_TYPES;
  readonly tables = WORKLOAD_TABLE;
  readonly indexes = '';
  readonly names: ColumnNames = { 'workload.id': 't.ref' };
  readonly numbered = { workload: ['ref', 'dialect', 'name'] };
  private readonly listeners: StatusListener[] = [];

  /** Registers a listener that updates in-memory state depending on the status of workloads. */
  onStatus(listener: StatusListener): void {
    this.listeners.push(listener);
  }

  attach(database: DatabaseSync): ProjectionWriter {
    const workloads = new Workloads(database);
    const setStatus = database.prepare('UPDATE workload SET status = ? WHERE id = ?');
    return {
      apply: ({ stream, data }) => {
        const { workload_id: name, status } = data;
        const id = workloads.ensure(stream, typeof name === 'string' ? name : undefined);
        setStatus.run(typeof status === 'string' ? status : null, id);
        for (const listener of this.listeners) listener(id);
      },
      forget: () => workloads.forget(),
    };
  }
}
