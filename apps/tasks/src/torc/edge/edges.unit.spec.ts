import { fullId } from '#contracts/torc/ids.js';
import type { CollectionName } from '#contracts/torc/collections.js';
import type { EdgeName } from '#contracts/torc/edges.js';
import { deleteDocument, deleteDocuments } from '../document/delete-document.js';
import { jobRequirements, setJobRequirements } from '../job/job-requirements.js';
import { WORKFLOW, WorkflowSpec } from '../testing/workflow-spec.js';
import { storeEdge } from './store-edge.js';

const typesOf = ({ events }: { readonly events: readonly { readonly type: string }[] }): string[] =>
  events.map(({ type }) => type);

const idOf = (spec: WorkflowSpec, collection: CollectionName, name: string): string =>
  fullId(collection, WORKFLOW, spec.keyOf(name));

const store = (spec: WorkflowSpec, edge: EdgeName, from: string, to: string) =>
  spec.when((view) => storeEdge(view, { workflow: WORKFLOW, edge, from, to }));

const remove = (spec: WorkflowSpec, collection: CollectionName | EdgeName, key: string) =>
  spec.when((view, now) => deleteDocument(view, { workflow: WORKFLOW, collection, key, client: 'a' }, now));

const removeAll = (spec: WorkflowSpec, collection: CollectionName | EdgeName) =>
  spec.when((view) => deleteDocuments(view, { workflow: WORKFLOW, collection }));

/** Two jobs, a file, two groups, two schedulers of different kinds. */
const given = (): WorkflowSpec =>
  new WorkflowSpec()
    .jobs('A B')
    .document('files', 'f')
    .document('resource_requirements', 'small', { num_cpus: 2 })
    .document('resource_requirements', 'large', { num_cpus: 9 })
    .document('slurm_schedulers', 'short')
    .document('local_schedulers', 'here');

describe('an edge', () => {
  it.each([
    ['of a collection that it does not join', 'needs', 'jobs', 'A', 'jobs', 'B'],
    ['in the wrong direction', 'needs', 'files', 'f', 'jobs', 'A'],
    ['of no kind of scheduler', 'scheduled_bys', 'jobs', 'A', 'files', 'f'],
  ] as const)('has no end %s', (_, edge, from, source, to, target) => {
    const spec = given();
    const refused = store(spec, edge, idOf(spec, from, source), idOf(spec, to, target));
    expect(refused.error).toMatchObject({ kind: 'invalid' });
  });

  it('has ends that exist in this workflow', () => {
    const spec = given();
    const job = idOf(spec, 'jobs', 'A');
    const refused = ['files__97/4711', 'files__98/3', 'f', 'files__97/'].map(
      (to) => store(spec, 'needs', job, to).error,
    );
    for (const error of refused) expect(error?.message).toMatch(/^_to: /);
  });

  it('to a group or scheduler is the only one of its job (D39)', () => {
    const spec = given();
    const job = idOf(spec, 'jobs', 'A');
    store(spec, 'requires', job, idOf(spec, 'resource_requirements', 'small'));
    store(spec, 'scheduled_bys', job, idOf(spec, 'local_schedulers', 'here'));
    const second = [
      store(spec, 'requires', job, idOf(spec, 'resource_requirements', 'large')),
      store(spec, 'scheduled_bys', job, idOf(spec, 'slurm_schedulers', 'short')),
    ];
    expect(second.map(({ error }) => error?.kind)).toEqual(['invalid', 'invalid']);
    expect(store(spec, 'requires', idOf(spec, 'jobs', 'B'), idOf(spec, 'resource_requirements', 'small')).error).toBe(
      undefined,
    );
  });

  it('does not block a job by itself (D37)', () => {
    const spec = given();
    const job = idOf(spec, 'jobs', 'A');
    expect(store(spec, 'blocks', job, job).error?.message).toBe(`${job} cannot block itself`);
  });

  it('that blocks is made known to the engine, once for each pair', () => {
    const spec = given();
    const ends = [idOf(spec, 'jobs', 'A'), idOf(spec, 'jobs', 'B')] as const;
    expect(typesOf(store(spec, 'blocks', ...ends))).toEqual(['EdgesAdded', 'UnitsLinked']);
    expect(typesOf(store(spec, 'blocks', ...ends))).toEqual(['EdgesAdded']);
    const [first, second] = [...spec.view.edges(spec.workflow, 'blocks')].map(({ key }) => key);
    expect(typesOf(remove(spec, 'blocks', first ?? ''))).toEqual(['EdgesDeleted']);
    expect(typesOf(remove(spec, 'blocks', second ?? ''))).toEqual(['EdgesDeleted', 'UnitsUnlinked']);
  });
});

describe('what is deleted', () => {
  it('takes the edges at it with it, and no others', () => {
    const spec = given().edges('needs', 'A>f B>f').edges('produces', 'A>f').edges('requires', 'A>small B>large');
    remove(spec, 'resource_requirements', spec.keyOf('small'));
    expect([spec.pairs('requires'), spec.pairs('needs')]).toEqual([['B>large'], ['A>f', 'B>f']]);
    remove(spec, 'jobs', spec.keyOf('B'));
    expect([spec.pairs('requires'), spec.pairs('needs'), spec.pairs('produces')]).toEqual([[], ['A>f'], ['A>f']]);
  });

  it('may be all schedulers of one kind: the edges to others stay', () => {
    const spec = given().edges('scheduled_bys', 'A>short B>here');
    expect(removeAll(spec, 'slurm_schedulers').reply).toEqual({ count: 1 });
    expect(spec.pairs('scheduled_bys')).toEqual(['B>here']);
    expect(removeAll(spec, 'slurm_schedulers')).toMatchObject({ reply: { count: 0 }, events: [] });
  });

  it('may be all jobs: edges between other things stay', () => {
    const spec = given().document('compute_nodes', 'n').document('compute_node_stats', 's');
    spec.edges('node_used', 'n>s').edges('blocks', 'A>B').edges('executed', 'n>A').edges('needs', 'A>f');
    expect(removeAll(spec, 'jobs').reply).toEqual({ count: 2 });
    const left = (['node_used', 'blocks', 'executed', 'needs'] as const).map((edge) => spec.pairs(edge));
    expect(left).toEqual([['n>s'], [], [], []]);
    expect([...spec.view.jobs(spec.workflow)]).toEqual([]);
  });

  it('may be all edges that block: nothing is linked any more', () => {
    const spec = given().edges('blocks', 'A>B A>B');
    expect(typesOf(removeAll(spec, 'blocks'))).toEqual(['EdgesDeleted', 'UnitsUnlinked']);
    expect(spec.job('B').openBlockers).toBe(0);
  });
});

describe('the group of a job', () => {
  const groupOf = (spec: WorkflowSpec): unknown => {
    const reply = jobRequirements(spec.view, { workflow: WORKFLOW, key: spec.keyOf('A') });
    return 'document' in reply ? JSON.parse(reply.document) : reply.kind;
  };
  const set = (spec: WorkflowSpec, group: string) =>
    spec.when((view) => setJobRequirements(view, { workflow: WORKFLOW, key: spec.keyOf('A'), group }));

  it('is the default group until one is set, and a repeat writes nothing', () => {
    const spec = given();
    const initial = { name: 'default', num_cpus: 1, num_gpus: 0, num_nodes: 1, memory: '1m', runtime: 'P0DT1M' };
    expect(groupOf(spec)).toEqual(initial);
    const first = set(spec, spec.keyOf('small'));
    expect(groupOf(spec)).toMatchObject({ name: 'small', num_cpus: 2, _key: spec.keyOf('small') });
    const again = set(spec, spec.keyOf('small'));
    expect([again.events, again.reply]).toEqual([[], first.reply]);
    set(spec, spec.keyOf('large'));
    expect(spec.pairs('requires')).toEqual(['A>large']);
    // The job itself is not written.
    expect(spec.job('A').writes).toBe(1);
  });

  it('must exist', () => {
    expect(set(given(), '4711').error?.kind).toBe('not-found');
  });
});
