import type { ExpectAnswer } from '../../exact-answers.js';
import { carriedOut, type Document, idOf, keyOf, list, ok, refused } from '../answers.js';
import { SAMPLES } from '../collections.js';
import type { TorcClient } from '../torc-client.js';
import { initialized, job, newWorkflow } from '../workflow.js';

/** Contract 3: the collections at the ends of each edge. */
const ENDS = [
  { edge: 'blocks', from: 'jobs', to: 'jobs' },
  { edge: 'needs', from: 'jobs', to: 'files' },
  { edge: 'produces', from: 'jobs', to: 'files' },
  { edge: 'consumes', from: 'jobs', to: 'user_data' },
  { edge: 'stores', from: 'jobs', to: 'user_data' },
  { edge: 'requires', from: 'jobs', to: 'resource_requirements' },
  { edge: 'scheduled_bys', from: 'jobs', to: 'local_schedulers' },
  { edge: 'scheduled_bys', from: 'jobs', to: 'aws_schedulers' },
  { edge: 'scheduled_bys', from: 'jobs', to: 'slurm_schedulers' },
  { edge: 'executed', from: 'compute_nodes', to: 'jobs' },
  { edge: 'returned', from: 'jobs', to: 'results' },
  { edge: 'process_used', from: 'jobs', to: 'job_process_stats' },
  { edge: 'node_used', from: 'compute_nodes', to: 'compute_node_stats' },
] as const;

const leastOf = (collection: string): Document =>
  SAMPLES.find((sample) => sample.collection === collection)?.least ?? {};

/** Contract 2.18, 3, 6.2. */
export const edges = (torc: () => TorcClient, expectAnswer: ExpectAnswer): void => {
  it.each(ENDS)('$edge edges lead from $from to $to', async ({ edge, from, to }) => {
    const workflow = await newWorkflow(torc());
    const [source, target] = [await workflow.added(from, leastOf(from)), await workflow.added(to, leastOf(to))];
    const at = `/edges/${edge}`;
    const ends = { _from: idOf(source), _to: idOf(target) };
    const posted = await workflow.post(at, ends);
    expectAnswer(posted, ok(workflow.stored(edge, ends)));
    const first = posted.json as Document;
    expectAnswer(await workflow.get(at), list([first]));
    expectAnswer(await workflow.get(`${at}/${keyOf(first)}`), posted);
    expectAnswer(await workflow.get(`${at}/${encodeURIComponent(idOf(first))}`), posted);
    expectAnswer(await workflow.get(`${at}/nobodys`), refused(404));
    expectAnswer(await workflow.delete(`${at}/nobodys`), refused(404));
    // Edges do not touch what they lead to (1.5).
    expectAnswer(await workflow.get(`/${from}/${keyOf(source)}`), ok(source));
    expectAnswer(await workflow.get(`/${to}/${keyOf(target)}`), ok(target));

    const alien = await workflow.added('events', { category: 'x' });
    for (const wrong of [
      ...[{ _from: ends._from }, { _to: ends._to }, {}, { ...ends, color: 'red' }, { ...ends, data: 5 }],
      ...[
        { ...ends, _from: keyOf(source) },
        { ...ends, _to: `${to}/${keyOf(target)}` },
        { ...ends, _to: 5 },
      ],
      ...[
        { ...ends, _to: workflow.id(to, 'nobodys') },
        { ...ends, _from: workflow.id(from, 'nobodys') },
      ],
      ...[
        { ...ends, _to: `${to}__nobodys/${keyOf(target)}` },
        { ...ends, _to: idOf(alien) },
      ],
      ...(from === to ? [] : [{ _from: idOf(target), _to: idOf(source) }]),
    ]) {
      expectAnswer(await workflow.post(at, wrong), refused(400), JSON.stringify(wrong));
    }
    const second = { ...ends, data: { run_id: 2, note: ['x'] } };
    if (edge === 'requires' || edge === 'scheduled_bys') {
      expectAnswer(await workflow.post(at, second), refused(400), 'a second one of a job');
    } else {
      expectAnswer(await workflow.post(at, second), ok(workflow.stored(edge, second)));
      expectAnswer(await workflow.get(`${at}?limit=1`), list([first], { total: 2 }));
    }
    expectAnswer(await workflow.delete(`${at}/${keyOf(first)}`), ok(first));
    expectAnswer(await workflow.get(`${at}/${keyOf(first)}`), refused(404));
    expectAnswer(await workflow.delete(at), carriedOut);
    expectAnswer(await workflow.get(at), list([]));

    // A deleted vertex takes its edges along.
    for (const [end, other] of [
      [`/${to}/${keyOf(target)}`, `/${from}/${keyOf(source)}`],
      [`/${from}/${keyOf(source)}`, ''],
    ] as const) {
      const [there, here] = other === '' ? [await workflow.added(to, leastOf(to)), source] : [target, source];
      await workflow.added(`edges/${edge}`, { _from: idOf(here), _to: idOf(there) });
      expect((await workflow.delete(end)).status).toBe(200);
      expectAnswer(await workflow.get(at), list([]), `without ${end}`);
      if (other !== '') expectAnswer(await workflow.get(other), ok(source));
    }
  });

  it('names of edges are the eleven of the contract', async () => {
    const workflow = await newWorkflow(torc(), { jobs: [job('a')] });
    const a = idOf(await workflow.job('a'));
    for (const name of ['nothing', 'jobs', 'Blocks', `blocks__${workflow.key}`]) {
      const at = `/edges/${name}`;
      expectAnswer(await workflow.get(at), refused(400), name);
      expectAnswer(await workflow.post(at, { _from: a, _to: a }), refused(400), name);
      expectAnswer(await workflow.get(`${at}/1`), refused(400), name);
      expectAnswer(await workflow.delete(`${at}/1`), refused(400), name);
      expectAnswer(await workflow.delete(at), refused(400), name);
    }
    expectAnswer(await torc().get('/workflows/nobodys/edges/blocks'), refused(404));
  });

  it('a job is given another resource group', async () => {
    const workflow = await initialized(torc(), {
      resource_requirements: [
        { name: 'small', num_cpus: 2 },
        { name: 'big', num_cpus: 16 },
      ],
      jobs: [job('a', { resource_requirements: 'small' }), job('b')],
    });
    const [small, big] = [
      await workflow.named('resource_requirements', 'small'),
      await workflow.named('resource_requirements', 'big'),
    ];
    const [a, b] = [await workflow.job('a'), await workflow.job('b')];
    for (const [of, others] of [
      [a, 0],
      [b, 1],
    ] as const) {
      const edge = workflow.stored('requires', { _from: idOf(of), _to: idOf(big) });
      const path = `/jobs/${keyOf(of)}/resource_requirements`;
      expectAnswer(await workflow.put(`${path}/${keyOf(big)}`), ok(edge));
      const edgesNow = await workflow.edges('requires');
      expect(edgesNow).toHaveLength(1 + others);
      // A repeat writes nothing (1.8).
      expectAnswer(await workflow.put(`${path}/${encodeURIComponent(idOf(big))}`), ok(edge));
      expect(await workflow.edges('requires')).toEqual(edgesNow);
      expectAnswer(await workflow.get(path), ok(big));
      // Revision and `internal` of the job do not change until the next initialization.
      expectAnswer(await workflow.get(`/jobs/${keyOf(of)}`), ok(of));
      expectAnswer(await workflow.put(`${path}/nobodys`), refused(404));
    }
    expectAnswer(await workflow.put(`/jobs/nobodys/resource_requirements/${keyOf(small)}`), refused(404));
    await workflow.initialize();
    expect((await workflow.job('b'))['internal']).toMatchObject({ num_cpus: 16 });
    // A 0 in a group means 0, and groups are not written by initialization (D36).
    const before = await workflow.change('resource_requirements', 'big', { num_cpus: 0, memory: '3g' });
    await workflow.initialize();
    expect((await workflow.job('b'))['internal']).toMatchObject({ num_cpus: 0, memory_bytes: 3 * 1024 ** 3 });
    expectAnswer(await workflow.get(`/resource_requirements/${keyOf(big)}`), ok(before));
    // A job whose edge is gone falls back to the default group.
    await workflow.delete('/edges/requires');
    await workflow.initialize();
    expect((await workflow.job('b'))['internal']).toMatchObject({ num_cpus: 1, memory_bytes: 1_048_576 });
  });
};
