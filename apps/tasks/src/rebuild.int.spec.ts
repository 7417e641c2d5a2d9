import { rebuildPlans } from '#event-sourcing/testing/rebuild-plans.js';
import { fileProjection } from './iceprod/file/file-projection.js';
import { logProjection } from './iceprod/log/log-projection.js';
import { rangeProjection } from './panda/range/range-projection.js';
import { WorkerProjection } from './panda/worker-effect/worker-projection.js';
import { torcJobProjection } from './torc/job/job-projection.js';
import { torcProjection } from './torc/torc-projection.js';
import { WorkloadProjection } from './workload/workload-projection.js';

/** Steps that look at all rows of a table, or at all behind a key: not at a list that an event brings. */
const SCAN = /^SCAN (?!added$|json_each |CONSTANT ROW$)|USING INTEGER PRIMARY KEY \(rowid>\?\)/;

describe('a rebuild', () => {
  it.each([
    ['workers', new WorkerProjection()],
    ['event ranges', rangeProjection],
    ['logs', logProjection],
    ['files', fileProjection],
    ['Torc', torcProjection],
    ['jobs of Torc', torcJobProjection],
  ])('reads no whole table for an event of %s', (_, projection) => {
    const plans = rebuildPlans(projection, [new WorkloadProjection()]);
    expect(plans).toContainEqual(expect.stringMatching(/ INDEX /));
    expect(plans.filter((step) => SCAN.test(step))).toEqual([]);
  });
});
