import { DatabaseSync } from 'node:sqlite';
import type { DecidedEvent } from '#event-sourcing/command.js';
import type { AppliedEvent, Projection } from '#event-sourcing/projection.js';
import { Policies } from '../../engine/policies.js';
import { UnitProjection } from '../../engine/unit-projection.js';
import { WorkloadProjection } from '../../workload/workload-projection.js';
import { torcJobProjection } from '../job/job-projection.js';
import { torcPolicy } from '../policy.js';
import { SqliteTorcView } from '../sqlite-view.js';
import { torcProjection } from '../torc-projection.js';
import { finished } from '#event-sourcing/testing/finished.js';
import type { Store } from './workflow-spec.js';

/** The service's tables in a database of their own, without a ledger. */
export const inTables = (): Store => {
  const database = new DatabaseSync(':memory:');
  const units = new UnitProjection(new Policies({ torc: torcPolicy }));
  const projections: readonly Projection[] = [new WorkloadProjection(), units, torcJobProjection, torcProjection];
  for (const { tables, indexes } of projections) database.exec(tables + indexes);
  const writers = projections.map((projection) => ({ projection, writer: projection.attach(database) }));
  let revision = -1;
  return {
    view: new SqliteTorcView(units.store),
    apply({ stream, type, data }: DecidedEvent, timeMicros: number) {
      revision += 1;
      const metadata = {
        timeMicros,
        actor: 'test',
        dialect: 'torc',
        correlationId: '',
        causationId: '',
        schemaVersion: 1,
      };
      const event = { stream, revision, id: String(revision), type, data, metadata } as object as AppliedEvent;
      for (const { projection, writer } of writers) {
        if (projection.eventTypes?.includes(type) === false) continue;
        const work = writer.apply(event);
        if (work !== undefined) finished(work);
      }
    },
  };
};
