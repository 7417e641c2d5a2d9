import { rebuildPlans } from '#event-sourcing/testing/rebuild-plans.js';
import { WorkloadProjection } from '../workload/workload-projection.js';
import { rangeProjection } from './range/range-projection.js';
import { WorkerProjection } from './worker-effect/worker-projection.js';

/** Steps that look at all rows of a table, or at all behind a key. */
const SCAN = /^SCAN (?!added$|CONSTANT ROW$)|USING INTEGER PRIMARY KEY \(rowid>\?\)/;

describe('a rebuild', () => {
  it('reads no whole table for an event of a worker', () => {
    expect(rebuildPlans(new WorkerProjection()).filter((step) => SCAN.test(step))).toEqual([]);
  });

  it('reads no whole table for an event of event ranges', () => {
    const plans = rebuildPlans(rangeProjection, [new WorkloadProjection()]);
    expect(plans.filter((step) => SCAN.test(step))).toEqual([]);
    expect(plans).toContainEqual(expect.stringContaining('INDEX panda_range_job'));
  });
});
