import type { DatabaseSync } from 'node:sqlite';
import type { RangeEvents } from '#contracts/panda/range-events.js';
import type { EventOf } from '#event-sourcing/event-of.js';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { Workloads } from '../../workload/workloads.js';
import { RANGE_INDEXES, RANGE_TABLES } from './range-tables.js';
import { RangeWriter } from './range-writer.js';
import { memberName, workloadName } from '../../workload/told-names.js';

const EVENT_TYPES: readonly (keyof RangeEvents)[] = [
  ...(['RangesCut', 'RangesAcquired', 'RangesReported', 'RangesReleased', 'RangesMerged'] as const),
  ...(['RangesDiscarded', 'CloneChosen'] as const),
];

/** All that a report says. */
const REPORT =
  "o.job || ' ' || coalesce(o.error_code, '') || ' ' || coalesce(o.error_diag, '') || ' ' || coalesce(o.zip, '')";

/** Event ranges of PanDA's tasks. */
export const rangeProjection: Projection = {
  name: 'panda-ranges',
  version: 1,
  streamPrefixes: ['work-panda.'],
  eventTypes: EVENT_TYPES,
  tables: RANGE_TABLES,
  names: {
    'panda_jobset.workload': workloadName('t.workload'),
    'panda_record_cut.workload': workloadName('t.workload'),
    'panda_range.key': memberName('t.key'),
    'panda_range.report': `(SELECT ${REPORT} FROM panda_range_report o WHERE o.id = t.report)`,
    'panda_range_report.id': `(SELECT ${REPORT} FROM panda_range_report o WHERE o.id = t.id)`,
    'panda_range_count.owner': `CASE WHEN t.owner < 0 THEN ${workloadName('-t.owner')} ELSE t.owner END`,
  },
  indexes: RANGE_INDEXES,
  attach: (database) => new RangeProjectionWriter(database),
};

class RangeProjectionWriter implements ProjectionWriter {
  private readonly workloads: Workloads;
  private readonly ranges: RangeWriter;

  constructor(database: DatabaseSync) {
    this.workloads = new Workloads(database);
    this.ranges = new RangeWriter(database);
  }

  apply({ stream, type, data }: AppliedEvent): void | Generator<void, void, void> {
    const workload = this.workloads.ensure(stream);
    // Only the deciders of this service write these events, so that their types are known.
    const event = { type, data } as object as EventOf<RangeEvents>;
    switch (event.type) {
      case 'RangesCut':
        return this.ranges.cut(workload, event.data);
      case 'RangesAcquired':
        return this.ranges.acquired(workload, event.data);
      case 'RangesReported':
        return this.ranges.reported(workload, event.data);
      case 'RangesReleased':
        return this.ranges.released(workload, event.data);
      case 'RangesMerged':
        return this.ranges.merged(workload, event.data);
      case 'RangesDiscarded':
        return this.ranges.discarded(workload, event.data);
      case 'CloneChosen':
        this.ranges.chosen(event.data);
        return;
    }
  }

  forget(): void {
    this.workloads.forget();
  }
}
