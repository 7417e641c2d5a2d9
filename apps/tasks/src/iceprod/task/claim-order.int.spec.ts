import fc from 'fast-check';
import type { Caller } from '#bus/contract.js';
import {
  AddTask,
  AmendTask,
  ClaimTasks,
  type ClaimTasksRequest,
  GetTask,
  QueueTasks,
  SetTasksStatus,
} from '#contracts/iceprod/tasks.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { TasksModule } from '../../tasks.module.js';

const SYSTEM: Caller = { subject: 'grid', username: 'grid', roles: ['system'], groups: [] };

type Values = Readonly<Record<string, unknown>>;

interface NewTask {
  readonly dataset_id: string;
  readonly priority: number;
  readonly requirements: object;
  readonly status?: string;
  readonly instance_id: string;
  readonly site: string;
}

interface Document extends Values {
  readonly task_id: string;
  readonly dataset_id: string;
  readonly status: string;
  readonly instance_id: string;
  readonly priority: number;
  readonly requirements: Values;
}

const DATASETS = ['d1', 'd2', 'd3'];

const sparse = <Model extends object>(model: { [Key in keyof Model]: fc.Arbitrary<Model[Key]> }) =>
  fc.record(model, { requiredKeys: [] });

const requirements = fc.oneof(
  fc.constant({}),
  sparse({ gpu: fc.constantFrom(0, 1, 2), memory: fc.constantFrom<unknown>(1, 4, 4.5, '4') }),
  sparse({ os: fc.constantFrom<unknown>(['a'], ['a', 'b'], 'a', []), site: fc.constantFrom('UW', 'DESY') }),
  sparse({ cpu: fc.constantFrom(1, 2), extra: fc.constantFrom<unknown>(1, true, 'x', null, { a: 1 }, [1]) }),
);

const task = fc.record({
  dataset_id: fc.constantFrom(...DATASETS),
  priority: fc.constantFrom(0, 0.5, 1, 2),
  requirements,
  status: fc.constantFrom<string>('waiting', 'waiting', 'waiting', 'queued', 'idle'),
  instance_id: fc.constantFrom('', '', 'old'),
  site: fc.constantFrom('', 'UW'),
});

const PLAIN: NewTask = { dataset_id: 'd1', priority: 1, requirements: {}, instance_id: '', site: '' };

const offer = fc.oneof(
  fc.constant({}),
  sparse({ gpu: fc.constantFrom<unknown>(0, 1, 2), memory: fc.constantFrom(1, 4, 8) }),
  sparse({ os: fc.constantFrom('a', 'b'), site: fc.constantFrom('UW', 'DESY') }),
  sparse({ cpu: fc.constantFrom<unknown>(1, true, 2), extra: fc.constantFrom<unknown>(1, 'x', false, null, { a: 1 }) }),
);

const filters = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: sparse({ dataset_id: fc.constantFrom(...DATASETS), site: fc.constantFrom('', 'UW') }) },
  { weight: 1, arbitrary: sparse({ instance_id: fc.constantFrom('', 'old'), priority: fc.constantFrom(0.5, 1) }) },
  { weight: 1, arbitrary: sparse({ 'requirements.site': fc.constantFrom('UW', 'DESY') }) },
);

const claims = fc.record({
  mode: fc.constantFrom('queue_many', 'queue_many', 'queue', 'process'),
  num: fc.integer({ min: 0, max: 14 }),
  deprio: fc.array(fc.constantFrom(...DATASETS, 'nobody'), { maxLength: 4 }),
  offer,
  filters,
});

type ValueOf<Generator> = Generator extends fc.Arbitrary<infer Value> ? Value : never;
type Claim = ValueOf<typeof claims>;

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Contract 7.6, "Claiming rules", as directly as possible. */
const fits = (offered: Values, asked: Values): boolean =>
  Object.entries(offered).every(([key, value]) => {
    const wish = asked[key];
    if (key === 'gpu' && Number(value) > 0) return typeof wish === 'number' && wish >= 1 && wish <= Number(value);
    if (wish === undefined) return true;
    if (typeof value === 'number' || typeof value === 'boolean') {
      return typeof wish === 'number' && wish <= Number(value);
    }
    return same(wish, value) || (Array.isArray(wish) && wish.some((entry) => same(entry, value)));
  });

const passes = (document: Document, wanted: Values): boolean =>
  Object.entries(wanted).every(([name, value]) =>
    name === 'requirements.site' ? document.requirements['site'] === value : document[name] === value,
  );

/** Ids in the expected order. */
const expected = (documents: readonly Document[], claim: Claim): readonly string[] => {
  const candidates = documents
    .filter(({ status }) => status === (claim.mode === 'process' ? 'queued' : 'waiting'))
    .filter((document) => claim.mode !== 'process' || document.instance_id === '')
    .filter((document) => fits(claim.offer, document.requirements) && passes(document, claim.filters))
    // Stable: the oldest of equals stays the first.
    .toSorted((one, other) => other.priority - one.priority);
  if (claim.mode !== 'queue_many') return candidates.slice(0, 1).map((document) => document.task_id);
  const taken: string[] = [];
  for (let deprioritized = claim.deprio; ; deprioritized = deprioritized.slice(0, -1)) {
    for (const { task_id: id, dataset_id: datasetId } of candidates) {
      if (taken.length < claim.num && !deprioritized.includes(datasetId) && !taken.includes(id)) taken.push(id);
    }
    if (taken.length >= claim.num || deprioritized.length === 0) return taken;
  }
};

describe('claims over random tasks', () => {
  const host = new ServiceHost(TasksModule);

  beforeAll(() => host.start());
  afterAll(() => host.end());

  /** Suspends the tasks of a round, so that claims of the next round do not find them. */
  const putAside = (documents: readonly Document[]): Promise<unknown> => {
    const tasks = documents.map((document) => document.task_id);
    return host.request(SetTasksStatus, { tasks, status: 'suspended' }, SYSTEM);
  };

  const get = async (id: string): Promise<Document> =>
    JSON.parse((await host.request(GetTask, { task_id: id }, SYSTEM)).document) as Document;

  const add = async ({ site, ...fields }: NewTask, depends: readonly string[] = []) => {
    const task = { job_id: 'j', task_index: 0, job_index: 0, name: 'n', depends };
    const request = { ...task, ...fields, requirements: JSON.stringify(fields.requirements) };
    const { task_id: id } = await host.request(AddTask, request, SYSTEM);
    if (site !== '') await host.request(AmendTask, { task_id: id, fields: JSON.stringify({ site }) }, SYSTEM);
    return get(id);
  };

  const claimed = async ({ mode, num, deprio, ...rest }: Claim): Promise<readonly Document[]> => {
    const request: ClaimTasksRequest = {
      mode: mode === 'queue_many' || mode === 'queue' ? mode : 'process',
      num: mode === 'queue_many' ? num : 1,
      requirements: JSON.stringify(rest.offer),
      query_params: JSON.stringify(rest.filters),
      dataset_deprio: mode === 'queue_many' ? deprio : [],
    };
    const { documents } = await host.request(ClaimTasks, request, SYSTEM);
    return documents.map((text) => JSON.parse(text) as Document);
  };

  it('take the tasks of the contract in its order, and change no others', async () => {
    let successes = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(task, { minLength: 1, maxLength: 12 }), claims, async (tasks, claim) => {
        const documents: Document[] = [];
        for (const fields of tasks) documents.push(await add(fields));
        const ids = expected(documents, claim);
        try {
          if (ids.length === 0) {
            await expect(claimed(claim)).rejects.toThrow('Task not found');
          } else {
            const taken = await claimed(claim);
            expect(taken.map((document) => document.task_id)).toEqual(ids);
            expect(new Set(taken.map((document) => document.instance_id)).size).toBe(1);
            successes += 1;
          }
          for (const before of documents) {
            const after = await get(before.task_id);
            if (ids.includes(before.task_id)) {
              expect(after.status).toBe(claim.mode === 'process' ? 'processing' : 'queued');
              expect(String(after['status_changed']) > String(before['status_changed'])).toBe(true);
            } else expect(after).toEqual(before);
          }
        } finally {
          await putAside(documents);
        }
      }),
      { numRuns: 120 },
    );
    expect(successes).toBeGreaterThan(30);
  });

  it('one after the other take the best task, with any changes in between', async () => {
    const alike = fc.record({
      dataset_id: fc.constantFrom('d1', 'd1', 'd1', 'd1', 'd2'),
      priority: fc.constantFrom(0, 0.5, 1, 2),
      requirements: fc.constantFrom({}, { memory: 1 }),
      status: fc.constantFrom('waiting', 'waiting', 'idle'),
      instance_id: fc.constant(''),
      site: fc.constantFrom('', 'unknown'),
    });
    const step = fc.record({
      kind: fc.constantFrom('claim', 'claim', 'claim', 'claim', 'add', 'status', 'statuses', 'priority'),
      at: fc.nat({ max: 19 }),
      status: fc.constantFrom('waiting', 'waiting', 'suspended'),
      fields: alike,
    });
    const one: Claim = { mode: 'queue', num: 1, deprio: [], offer: {}, filters: {} };
    await fc.assert(
      fc.asyncProperty(
        fc.array(alike, { minLength: 16, maxLength: 24 }),
        fc.array(step, { minLength: 12, maxLength: 30 }),
        async (tasks, steps) => {
          const ids: string[] = [];
          const present = (): Promise<Document[]> => Promise.all(ids.map(get));
          const act: Readonly<
            Record<string, (next: ValueOf<typeof step> & { readonly id: string }) => Promise<unknown>>
          > = {
            add: async ({ fields }) => ids.push((await add(fields)).task_id),
            status: ({ id, status }) => host.request(SetTasksStatus, { tasks: [id], status }, SYSTEM),
            // Neighbours, and many enough to be changed as a range.
            statuses: ({ status, at }) => host.request(SetTasksStatus, { tasks: ids.slice(at % 4), status }, SYSTEM),
            priority: ({ id, fields: { priority } }) =>
              host.request(AmendTask, { task_id: id, fields: JSON.stringify({ priority }) }, SYSTEM),
            claim: async () => {
              const [best] = expected(await present(), one);
              const taken = await claimed(one).catch(() => []);
              expect(taken[0]?.task_id).toBe(best);
            },
          };
          try {
            for (const fields of tasks) ids.push((await add(fields)).task_id);
            for (const each of steps) await act[each.kind]?.({ ...each, id: ids[each.at % ids.length] ?? '' });
          } finally {
            await putAside(await present());
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('notice a better task after a change of a whole range', async () => {
    // At the site that claims leave, so that they come back to where they were.
    const waiting = { ...PLAIN, status: 'waiting', site: 'unknown' };
    const urgent = await add({ ...waiting, priority: 2, requirements: { memory: 1 } });
    const later = await add({ ...waiting, priority: 0, requirements: { memory: 1 } });
    const others = await Promise.all(Array.from({ length: 12 }, () => add(waiting)));
    const claim: Claim = { mode: 'queue', num: 1, deprio: [], offer: {}, filters: {} };
    const next = async (): Promise<number> => (await claimed(claim))[0]?.priority ?? -1;
    try {
      const tasks = [urgent, later, ...others].map((document) => document.task_id);
      // What comes to life in the first round makes claims look at everything.
      for (let round = 0; round < 3; round += 1) {
        expect([await next(), await next()]).toEqual([2, 1]);
        await host.request(SetTasksStatus, { tasks, status: 'waiting' }, SYSTEM);
      }
    } finally {
      await putAside([urgent, later, ...others]);
    }
  });

  it('of the legacy form queue tasks without open dependencies by weight of the dataset, then by priority', async () => {
    const complete = await add({ ...PLAIN, status: 'complete' });
    const open = await add({ ...PLAIN, status: 'failed' });
    const blockers = fc.subarray([complete.task_id, open.task_id, 'nobody']);
    const weights = sparse({ d1: fc.constantFrom(0, 1, 2), d2: fc.constantFrom(-1, 1), nobody: fc.constant(9) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(task, blockers), { minLength: 1, maxLength: 12 }),
        weights,
        fc.integer({ min: -1, max: 12 }),
        async (tasks, prio, num) => {
          const documents: Document[] = [];
          for (const [fields, depends] of tasks) documents.push(await add(fields, depends));
          const weightOf = ({ dataset_id: id }: Document): number => new Map(Object.entries(prio)).get(id) ?? 0;
          const ready = documents.filter(
            ({ status }, at) => status === 'waiting' && tasks[at]?.[1].every((id) => id === complete.task_id),
          );
          const order = ready.toSorted((a, b) => weightOf(b) - weightOf(a) || b.priority - a.priority);
          const queued = order.slice(0, Math.max(num, 0)).map((document) => document.task_id);
          try {
            const request = { num_tasks: num, dataset_prio: prio };
            expect(await host.request(QueueTasks, request, SYSTEM)).toEqual({ queued: queued.length });
            for (const before of documents) {
              const { status, instance_id } = await get(before.task_id);
              const expected = queued.includes(before.task_id) ? ['queued', ''] : [before.status, before.instance_id];
              expect([status, instance_id]).toEqual(expected);
            }
          } finally {
            await putAside(documents);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
