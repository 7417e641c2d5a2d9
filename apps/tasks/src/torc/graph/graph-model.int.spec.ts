import fc from 'fast-check';
import { FINAL_STATUSES, JOB_STATUSES } from '#contracts/torc/statuses.js';
import { GraphModel } from '../testing/graph-model.js';
import { inTables } from '../testing/table-store.js';
import { inMemory, WORKFLOW, WorkflowSpec } from '../testing/workflow-spec.js';
import { cancelWorkflow } from './cancel.js';
import { manageStatus } from './manage-status.js';
import { resetJobs, resetStatus } from './reset.js';

const JOBS_MAX = 9;

type Step = (spec: WorkflowSpec, model: GraphModel) => void;

const nameOf = (job: number): string => `j${job}`;
const anyJob = fc.nat(JOBS_MAX - 1);
const pick = (model: GraphModel, at: number): number => at % model.all.length;

const initialize = fc.boolean().map((only): Step => (spec, model) => {
  spec.initialize(only);
  model.initialize(only);
});

const complete = fc
  .tuple(anyJob, fc.constantFrom(...FINAL_STATUSES, 'done' as const, 'done' as const), fc.constantFrom(0, 0, 1))
  .map(([at, status, code]): Step => (spec, model) => {
    const job = pick(model, at);
    if (spec.complete(nameOf(job), code, status).error === undefined) model.complete(job, status, code);
  });

const claimAndStart = fc.integer({ min: 1, max: 3 }).map((limit): Step => (spec, model) => {
  const names = spec.claim({}, { limit, sort: 'none' });
  const ready = model.all.filter((job) => ['ready', 'scheduled'].includes(model.of(job)));
  expect(typeof names === 'string' ? [] : names).toEqual(
    spec.workflow.isCanceled ? [] : ready.slice(0, limit).map(nameOf),
  );
  if (typeof names === 'string') return;
  for (const [at, name] of names.entries()) {
    // The last one stays claimed.
    const isStarted = at < names.length - 1;
    if (isStarted) spec.start(name);
    model.statuses[Number(name.slice(1))] = isStarted ? 'submitted' : 'submitted_pending';
  }
});

const put = fc.tuple(anyJob, fc.constantFrom(...JOB_STATUSES)).map(([at, status]): Step => (spec, model) => {
  const job = pick(model, at);
  spec.set(nameOf(job), status);
  model.statuses[job] = status;
});

const manage = fc
  .tuple(anyJob, fc.constantFrom('uninitialized' as const, 'ready' as const, 'disabled' as const))
  .map(([at, status]): Step => (spec, model) => {
    const job = pick(model, at);
    const name = nameOf(job);
    const request = { workflow: WORKFLOW, key: spec.keyOf(name), status, rev: spec.rev(name), run_id: 1 };
    spec.when((view, now) => manageStatus(view, request, now));
    model.manage(job, status);
  });

const others = fc.constantFrom<Step>(
  (spec, model) => {
    spec.when((view, now) => cancelWorkflow(view, WORKFLOW, now));
    model.cancel();
  },
  (spec) => {
    spec.when((view, now) => resetStatus(view, WORKFLOW, now));
  },
  (spec, model) => {
    spec.when((view, now) => resetJobs(view, { workflow: WORKFLOW, failed_only: true }, now));
    model.resetFailed();
  },
  (spec, model) => {
    spec.when((view, now) => resetJobs(view, { workflow: WORKFLOW, failed_only: false }, now));
    model.resetAll();
  },
);

const graph = fc.record({
  cancels: fc.array(
    fc.integer({ min: 0, max: 3 }).map((one) => one > 0),
    { minLength: 1, maxLength: JOBS_MAX },
  ),
  edges: fc.uniqueArray(fc.tuple(anyJob, anyJob), { maxLength: 14, selector: ([from, to]) => `${from} ${to}` }),
  steps: fc.array(
    fc.oneof({ arbitrary: complete, weight: 5 }, initialize, claimAndStart, put, manage, {
      arbitrary: others,
      weight: 3,
    }),
    {
      maxLength: 14,
    },
  ),
});

describe.each([
  ['in memory', inMemory, 200],
  ['in tables', inTables, 50],
])('the job graph %s', (_, store, numRuns) => {
  it('goes through the statuses that a small model predicts', () => {
    fc.assert(
      fc.property(graph, ({ cancels, edges: pairs, steps }) => {
        const edges = pairs.filter(([from, to]) => from < to && to < cancels.length);
        const spec = new WorkflowSpec(store());
        for (const [job, flag] of cancels.entries()) spec.jobs(nameOf(job), { cancels: flag });
        for (const [from, to] of edges) spec.edges('blocks', `${nameOf(from)}>${nameOf(to)}`);
        const model = new GraphModel(cancels, edges);
        spec.initialize();
        model.initialize(false);
        for (const step of steps) {
          step(spec, model);
          expect(model.all.map((job) => spec.job(nameOf(job)).status)).toEqual(model.statuses);
        }
      }),
      { numRuns },
    );
  });
});
