import fc from 'fast-check';
import type { AddedJob } from '#contracts/torc/events.js';
import { JOB_STATUSES } from '#contracts/torc/statuses.js';
import { rangesOf } from '#contracts/ranges.js';
import { requirementsText } from '../requirements.js';
import type { JobModel, Step } from './job-model.js';

const status = fc.constantFrom(...JOB_STATUSES, 'ready' as const, 'ready' as const, 'done' as const);
const requirements = fc
  .oneof(
    { weight: 4, arbitrary: fc.constantFrom(0, 1) },
    // So many kinds that statements about all jobs of a kind are not worth it.
    { weight: 1, arbitrary: fc.nat(40) },
  )
  .map((gpus) =>
    requirementsText({ memory_bytes: 1 + gpus, num_cpus: 1, num_gpus: gpus % 3, num_nodes: 1, runtime_seconds: 1.5 }),
  );
const scheduler = fc.constantFrom('', 'slurm_schedulers__w/1');
const outcome = fc.constantFrom('ok', 'failed');

const job = fc.record<AddedJob>(
  {
    document: fc.constantFrom(
      '{}',
      '{"command":"a"}',
      '{"schedule_compute_nodes":{"num_jobs":1}}',
      '{"cancel_on_blocking_job_failure":false,"name":"é\\n"}',
    ),
    status,
    requirements,
    scheduler,
    hash: fc.integer({ min: -5, max: 5 }),
  },
  { requiredKeys: ['document', 'status'] },
);

/** A share of the jobs that exist: all of a stretch, or some here and there. */
const selection = fc.record({ from: fc.nat(60), length: fc.nat(60), every: fc.constantFrom(1, 1, 1, 2, 3) });

const pick = (model: JobModel, { from, length, every }: { from: number; length: number; every: number }): number[] => {
  const ordinals = [...model.units.keys()];
  const start = ordinals.length === 0 ? 0 : from % ordinals.length;
  return ordinals.slice(start, start + length + 1).filter((_, at) => at % every === 0);
};

const add = fc
  .tuple(fc.array(job, { minLength: 1, maxLength: 24 }), fc.boolean())
  .map(([jobs, named]): Step => (model) => {
    const first = model.nextOrdinal();
    const added = jobs.map((each, at) => (named && at === 0 ? { ...each, key: `k:${first}` } : each));
    // Other documents of the workflow have the ordinals between.
    const half = Math.ceil(jobs.length / 2);
    const units = rangesOf(jobs.map((_, at) => first + at + (at < half ? 0 : 3)));
    return { type: 'JobsAdded', data: { units, workload_id: 'w', jobs: added } };
  });

const onOne = (type: string, facts: fc.Arbitrary<object>) =>
  fc.tuple(fc.nat(60), facts).map(([at, data]): Step => (model) => {
    const ordinals = pick(model, { from: at, length: 0, every: 1 });
    return ordinals.length === 0 ? undefined : { type, data: { units: rangesOf(ordinals), ...data } };
  });

const onMany = (type: string, facts: fc.Arbitrary<object>) =>
  fc.tuple(selection, facts).map(([selected, data]): Step => (model) => {
    const ordinals = pick(model, selected);
    return ordinals.length === 0 ? undefined : { type, data: { units: rangesOf(ordinals), ...data } };
  });

const attemptEnd = {
  result: fc.nat(3).map((run) => ({ ordinal: 999_999, document: `{"run_id":${run}}` })),
  input_hash: fc.nat(9),
  request_digest: fc.constantFrom('c1', 'c2'),
};

const link = fc
  .array(fc.tuple(fc.nat(60), fc.nat(60)), { minLength: 1, maxLength: 30 })
  .map((pairs): Step => (model) => {
    const ordinals = [...model.units.keys()];
    const links = new Map<string, [number, number]>();
    for (const [one, other] of pairs) {
      const [blocker = 0, dependent = 0] = [ordinals[one % ordinals.length], ordinals[other % ordinals.length]];
      if (blocker < dependent && !model.edges.has(`${blocker} ${dependent}`))
        links.set(`${blocker} ${dependent}`, [blocker, dependent]);
    }
    const units = rangesOf([...links.values()].map(([, dependent]) => dependent));
    return links.size === 0 ? undefined : { type: 'UnitsLinked', data: { units, links: [...links.values()] } };
  });

const unlink = fc.nat(20).map((from): Step => (model) => {
  const links = [...model.edges].slice(from, from + 5).map((edge) => edge.split(' ').map(Number));
  const units = rangesOf(links.map(([, dependent = 0]) => dependent));
  return links.length === 0 ? undefined : { type: 'UnitsUnlinked', data: { units, links } };
});

const step = fc.oneof(
  { weight: 5, arbitrary: add },
  { weight: 4, arbitrary: link },
  { weight: 1, arbitrary: unlink },
  {
    weight: 4,
    arbitrary: onMany(
      'JobsInitialized',
      fc.record({ requirements, scheduler, status }, { requiredKeys: ['requirements', 'scheduler'] }),
    ),
  },
  { weight: 4, arbitrary: onMany('UnitsMoved', fc.record({ status }, { requiredKeys: ['status'] })) },
  { weight: 2, arbitrary: onMany('UnitsMoved', fc.record({ status: fc.constant('done'), outcome })) },
  {
    weight: 1,
    arbitrary: onMany('UnitsClaimed', fc.constant({ status: 'submitted_pending', lease_id: 'l', site: 'S' })),
  },
  { weight: 1, arbitrary: onMany('UnitsEvicted', fc.constant({ status: 'ready', reason: 'r' })) },
  { weight: 2, arbitrary: onOne('JobReplaced', fc.record({ job, request_digest: fc.constantFrom('p1', 'p2') })) },
  { weight: 2, arbitrary: onOne('UnitStarted', fc.constant({ status: 'submitted', request_digest: 's1' })) },
  {
    weight: 3,
    arbitrary: onOne(
      'UnitSucceeded',
      fc.record({
        status: fc.constant('done'),
        outcome: fc.constant('ok'),
        hours: fc.constantFrom(0.5, 2),
        ...attemptEnd,
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: onOne(
      'UnitFailed',
      fc.record({
        status: fc.constantFrom('done', 'terminated'),
        outcome: fc.constant('failed'),
        hours: fc.constantFrom(0.25, 4),
        ...attemptEnd,
      }),
    ),
  },
  { weight: 1, arbitrary: onOne('UnitsMoved', fc.record({ status: fc.constant('canceled'), ...attemptEnd })) },
  { weight: 1, arbitrary: onMany('UnitsRemoved', fc.constant({})) },
);

/** Events about the jobs of one workflow. */
export const arbitraryEvents = fc
  .tuple(add, fc.array(step, { minLength: 4, maxLength: 24, size: 'max' }))
  .map(([first, rest]): readonly Step[] => [first, ...rest]);
