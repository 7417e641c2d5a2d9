import type { ExpectAnswer } from '../../exact-answers.js';
import { type Document, documentIn, idOf, jobsIn, keyOf, list, ok, refused } from '../answers.js';
import type { TorcClient } from '../torc-client.js';
import { initialized, job, LARGE_WORKER, newWorkflow } from '../workflow.js';

/** Queries of `results`, `reports`, `events` and `collections` (contract 7.5). */
export const resultsAndEvents = (torc: () => TorcClient, expectAnswer: ExpectAnswer): void => {
  it('results are listed, filtered, sorted and joined with their workers', async () => {
    const workflow = await initialized(torc(), { jobs: ['a', 'b', 'c'].map((name) => job(name)) });
    await workflow.startRun(1);
    for (const [name, code, minutes] of [
      ['a', 0, 2],
      ['b', 1, 10.5],
      ['c', 1, 1],
    ] as const) {
      const claimed = documentIn(await workflow.get(`/jobs/${keyOf(await workflow.job(name))}`));
      const result = { ...(await workflow.result(claimed, code)), exec_time_minutes: minutes };
      const path = `/jobs/${keyOf(claimed)}/complete_job/done/${String(claimed['_rev'])}/1/${await workflow.nodeKey()}`;
      expectAnswer(await workflow.post(path, result), ok(await workflow.job(name)), name);
    }
    const [a = {}, b = {}, c = {}] = await workflow.documents('results');
    expectAnswer(await workflow.get('/results?skip=0'), list([a, b, c]));
    expectAnswer(await workflow.get('/results?skip=0&run_id=1'), list([a, b, c]));
    expectAnswer(await workflow.get('/results?skip=0&run_id=2'), list([]));
    expectAnswer(await workflow.get('/results?skip=0&return_code=1'), list([b, c]));
    expectAnswer(await workflow.get('/results?return_code=1.0'), list([b, c]));
    expectAnswer(await workflow.get(`/results?job_key=${String(b['job_key'])}&return_code=1`), list([b]));
    expectAnswer(await workflow.get(`/results?job_key=${String(b['job_key'])}&return_code=0`), list([]));
    expectAnswer(await workflow.get('/results?status=done&limit=1&skip=1'), list([b], { skip: 1, total: 3 }));
    expectAnswer(await workflow.get('/results?sort_by=exec_time_minutes'), list([c, a, b]));
    expectAnswer(await workflow.get('/results?sort_by=exec_time_minutes&reverse_sort=true'), list([b, a, c]));
    // Ties are in creation order.
    expectAnswer(await workflow.get('/results?sort_by=return_code&limit=2'), list([a, b], { total: 3 }));
    expectAnswer(await workflow.get('/results?sort_by=return_code&reverse_sort=True'), list([b, c, a]));
    expectAnswer(await workflow.get('/results?sort_by=nothing'), list([a, b, c]));
    expectAnswer(await workflow.get(`/results/${keyOf(b)}`), ok(b));
    expectAnswer(await workflow.get('/results/nobodys'), refused(404));
  });

  it('documents are joined over their edges, whole and in both directions', async () => {
    const workflow = await initialized(torc(), {
      files: [{ name: 'f', path: 'f' }],
      user_data: [{ name: 'u', data: { site: { name: 'lab' } } }],
      resource_requirements: [{ name: 'small' }],
      schedulers: { local_schedulers: [{ name: 'here', num_cpus: 4 }] },
      jobs: [
        job('a', {
          ...{ output_files: ['f'], output_user_data: ['u'], resource_requirements: 'small' },
          scheduler: 'local_schedulers/here',
        }),
        job('b', { input_files: ['f'], input_user_data: ['u'], resource_requirements: 'small' }),
      ],
    });
    await workflow.startRun(1);
    const node = keyOf(documentIn(await workflow.get(`/compute_nodes/${await workflow.nodeKey()}`)));
    const here = idOf(await workflow.named('local_schedulers', 'here'));
    const [claimed = {}] = jobsIn(await workflow.claim({ ...LARGE_WORKER, scheduler_config_id: here }));
    await workflow.start(claimed);
    await workflow.completed('a');
    const stats = await workflow.added('job_process_stats', {
      ...{ job_key: keyOf(claimed), run_id: 1, avg_cpu_percent: 372.1, max_cpu_percent: 399.7 },
      ...{ avg_rss: 510332928.5, max_rss: 734003200.5, num_samples: 148, timestamp: '2026-03-01 09:27:31.004512' },
    });
    await workflow.added('edges/process_used', { _from: idOf(claimed), _to: idOf(stats) });
    const nodeStats = await workflow.added('compute_node_stats', { hostname: 'h', timestamp: 't', stats: [] });
    const nodeId = workflow.id('compute_nodes', node);
    await workflow.added('edges/node_used', { _from: nodeId, _to: idOf(nodeStats) });

    const byId = new Map<string, unknown>();
    for (const collection of [
      ...['jobs', 'files', 'user_data', 'results', 'compute_nodes', 'resource_requirements', 'local_schedulers'],
      ...['job_process_stats', 'compute_node_stats'],
    ]) {
      for (const document of await workflow.documents(collection)) byId.set(idOf(document), document);
    }
    // The ready-made joins of the command line (5.15).
    for (const [direction, collection, edge, rows] of [
      ['outbound', 'compute_nodes', 'executed', 1],
      ['outbound', 'compute_nodes', 'node_used', 1],
      ['outbound', 'jobs', 'blocks', 1],
      ['outbound', 'jobs', 'needs', 1],
      ['outbound', 'jobs', 'produces', 1],
      ['inbound', 'resource_requirements', 'requires', 2],
      ['inbound', 'results', 'returned', 1],
      ['outbound', 'jobs', 'scheduled_bys', 1],
      ['inbound', 'job_process_stats', 'process_used', 1],
      ['outbound', 'jobs', 'consumes', 1],
      ['outbound', 'jobs', 'stores', 1],
      ['inbound', 'files', 'produces', 1],
    ] as const) {
      const joined = (await workflow.edges(edge)).map((each) => ({
        from: byId.get(String(each['_from'])),
        to: byId.get(String(each['_to'])),
        edge: each,
      }));
      expect(joined).toHaveLength(rows);
      const path = `/join_by_${direction}_edge/${collection}/${edge}`;
      expectAnswer(await workflow.post(`${path}?skip=0`, {}), list(joined), path);
      expectAnswer(await workflow.post(path, { no_such_field: 1 }), list([]), `${path}, filtered`);
    }
    const joins = '/join_by_outbound_edge/jobs/requires';
    const [rowA = {}, rowB = {}] = await workflow.edges('requires');
    const fromTo = (each: Document): object => ({
      from: byId.get(String(each['_from'])),
      to: byId.get(String(each['_to'])),
      edge: each,
    });
    expectAnswer(await workflow.post(joins, { name: 'b' }), list([fromTo(rowB)]));
    expectAnswer(await workflow.post(`${joins}?limit=1`, {}), list([fromTo(rowA)]));
    expectAnswer(await workflow.post(`${joins}?skip=1`, {}), list([fromTo(rowB)], { skip: 1, total: 1 }));
    expectAnswer(
      await workflow.post(`${joins}?collection_key=x&collection_name=y`, {}),
      list([rowA, rowB].map(fromTo)),
    );
    // Dots reach into objects.
    const consumed = '/join_by_inbound_edge/user_data/consumes';
    expect(await workflow.post(consumed, { 'data.site.name': 'lab' })).toMatchObject({ json: { count: 1 } });
    expect(await workflow.post(consumed, { 'data.site.name': 'other' })).toMatchObject({ json: { count: 0 } });
    for (const wrong of [
      ...['outbound_edge/nothing/blocks', 'outbound_edge/jobs/nothing', 'inbound_edge/nothing/x'],
      `outbound_edge/jobs__${workflow.key}/blocks`,
    ]) {
      expectAnswer(await workflow.post(`/join_by_${wrong}`, {}), refused(400), wrong);
    }
    expectAnswer(await workflow.post(joins), refused(400), 'no body');
  });

  it('events are listed, filtered and watched', async () => {
    const workflow = await newWorkflow(torc());
    expectAnswer(await workflow.get('/latest_event_timestamp'), ok({ timestamp: null }));
    expectAnswer(await workflow.get('/events_after_timestamp/0'), list([]));
    const posted: Document[] = [];
    for (const body of [
      { category: 'worker', type: 'start', timestamp: 5 },
      { category: 'job', type: 'x', payload: { deep: [1, 2.5, null, true] } },
      { category: 'worker', type: 'stop', timestamp: 'soon' },
      {},
    ]) {
      const answer = await workflow.post('/events', body);
      expectAnswer(answer, ok(workflow.stored('events', { ...body, timestamp: expect.any(Number) as unknown })));
      posted.push(documentIn(answer));
    }
    const times = posted.map(({ timestamp }) => Number(timestamp));
    expect(times.every(Number.isInteger)).toBe(true);
    expect(times).toEqual([...new Set(times)].sort((one, other) => one - other));
    const [first = {}, second = {}, third = {}, fourth = {}] = posted;
    expectAnswer(await workflow.get('/events?skip=0'), list(posted));
    expectAnswer(await workflow.get('/events?category=worker'), list([first, third]));
    expectAnswer(await workflow.get('/latest_event_timestamp'), ok({ timestamp: fourth['timestamp'] }));
    const after = `/events_after_timestamp/${String(first['timestamp'])}`;
    expectAnswer(await workflow.get(after), list([second, third, fourth]));
    expectAnswer(await workflow.get(`${after}.0`), list([second, third, fourth]), 'as a float');
    expectAnswer(await workflow.get(`${after}.0?category=worker`), list([third]));
    // `skip` is ignored, and there is never more: the client would repeat the page for ever.
    const page = await workflow.get(`${after}?limit=1&skip=2`);
    expect(page).toMatchObject({ status: 200, json: { items: [second], skip: 0, count: 1, has_more: false } });
    expectAnswer(await workflow.get(`/events_after_timestamp/${String(fourth['timestamp'])}`), list([]));
    expectAnswer(await workflow.get('/events_after_timestamp/soon'), refused(400));
    // PUT stores what it is given.
    const written = await workflow.put(`/events/${keyOf(second)}`, { ...second, timestamp: 7, type: 'y' });
    expect(written).toMatchObject({ status: 200, json: { timestamp: 7, type: 'y', category: 'job' } });
    for (const body of [[], 'x', 1, null]) {
      expectAnswer(await workflow.torc.send('POST', workflow.at('/events'), JSON.stringify(body)), refused(400));
    }
  });

  it('names of collections are exactly those that the export knows', async () => {
    const workflow = await newWorkflow(torc());
    const bases = [
      ...['events', 'scheduled_compute_nodes', 'aws_schedulers', 'compute_nodes', 'compute_node_stats', 'files'],
      ...['job_process_stats', 'jobs', 'local_schedulers', 'resource_requirements', 'results', 'slurm_schedulers'],
      ...['user_data', 'blocks', 'consumes', 'executed', 'needs', 'node_used', 'process_used', 'produces', 'requires'],
      ...['returned', 'scheduled_bys', 'stores'],
    ];
    expect(bases).toHaveLength(24);
    const names = bases.map((base) => `${base}__${workflow.key}`);
    expectAnswer(await workflow.get('/collection_names'), ok({ names }));
  });
};
