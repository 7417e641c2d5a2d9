import { jsonAnswer } from '../../../harness/http-client.js';
import type { ExpectAnswer } from '../../exact-answers.js';
import {
  aRevision,
  carriedOut,
  documentIn,
  idOf,
  jobsIn,
  keyOf,
  list,
  ok,
  refused,
  revisionOf,
  someText,
} from '../answers.js';
import type { TorcClient } from '../torc-client.js';
import { initialized, job, newWorkflow, NODE, Workflow } from '../workflow.js';

/** Contract 1.1 to 1.5, 1.7. */
export const requests = (torc: () => TorcClient, otherAddress: () => TorcClient, expectAnswer: ExpectAnswer): void => {
  it('every base path of a client leads to the same API', async () => {
    const workflow = await newWorkflow(torc(), { jobs: [job('a')] });
    const jobs = list(await workflow.documents('jobs'));
    for (const base of [
      '',
      '/',
      '/_db/test_db/torc-service',
      '/_db/other-team_2/torc-service',
      '//_db//x//torc-service/',
    ]) {
      const client = torc().at(base);
      expectAnswer(await client.get('/ping'), ok({ message: someText }), base);
      expect(documentIn(await client.get('/version'))['version']).toBe('0.6.4');
      expectAnswer(await client.get('/workflows/nobodys'), refused(404), base);
    }
    // The clients of one team see the same workflows under one base path, with or without a slash at its end.
    for (const base of ['/_db/test_db/torc-service', '/_db/test_db/torc-service/', '/_db/test_db/torc-service//']) {
      expectAnswer(await torc().at(base).get(workflow.at('/jobs')), jobs, base);
      expectAnswer(await torc().at(base).get(`/workflows//${workflow.key}//jobs?limit=10`), jobs, base);
    }
    for (const base of ['/_db/te st', '/_db//x', '/_db/x/other-service', '/torc-service']) {
      const { status } = await torc().at(base.replace(' ', '%20')).get('/workflows/nobodys/jobs');
      expect({ base, status }).toEqual({ base, status: 404 });
    }
  });

  it('a key may be the whole id, in every place of a path', async () => {
    const workflow = await initialized(torc(), {
      files: [{ name: 'f', path: 'f' }],
      resource_requirements: [{ name: 'g' }],
      jobs: [job('a', { output_files: ['f'] })],
    });
    const [a, f] = [await workflow.job('a'), await workflow.named('files', 'f')];
    const group = await workflow.named('resource_requirements', 'g');
    const whole = encodeURIComponent(idOf(a));
    const asId = new Workflow(torc(), encodeURIComponent(`workflows/${workflow.key}`));
    expectAnswer(await asId.get(), await workflow.get());
    expectAnswer(await asId.get(`/jobs/${whole}`), ok(a));
    expectAnswer(await asId.get('/job_keys'), ok({ items: [keyOf(a)] }));
    expectAnswer(
      await torc().get(`/workflow_specifications/${asId.key}`),
      await torc().get(`/workflow_specifications/${workflow.key}`),
    );
    expectAnswer(await workflow.get(`/files/produced_by_job/${whole}`), list([f]));
    expectAnswer(await workflow.get(`/downstream_jobs/${whole}`), list([]));
    expectAnswer(await workflow.get(`/jobs/${whole}/process_stats`), ok([]));
    expectAnswer(await workflow.get(`/jobs/${whole}/user_data_stores`), list([]));
    expectAnswer(await workflow.get(`/results/find_by_job/${whole}`), refused(404));
    expectAnswer(
      await workflow.put(`/jobs/${whole}/resource_requirements/${encodeURIComponent(idOf(group))}`),
      ok(workflow.stored('requires', { _from: idOf(a), _to: idOf(group) })),
    );
    expectAnswer(
      await workflow.get(`/job_specifications/${whole}`),
      await workflow.get(`/job_specifications/${keyOf(a)}`),
    );
    // Lower case of the percent code, too.
    expectAnswer(await workflow.get(`/jobs/${whole.replace('%2F', '%2f')}`), ok(a));
    const other = await newWorkflow(torc());
    for (const wrong of [idOf(f), `jobs__${other.key}/${keyOf(a)}`, `workflows/${workflow.key}`, `jobs/${keyOf(a)}`]) {
      expectAnswer(await workflow.get(`/jobs/${encodeURIComponent(wrong)}`), refused(400), wrong);
    }
    expectAnswer(await torc().get(`/workflows/${encodeURIComponent(idOf(a))}`), refused(400));
    expectAnswer(
      await torc().get(`/workflows/${encodeURIComponent(`workflow_configs/${workflow.key}`)}/jobs`),
      refused(400),
    );
    // PUT: `_key` of the body equals the key, also when the path holds the id.
    expectAnswer(await workflow.put(`/jobs/${whole}`, a), ok({ ...a, _rev: aRevision }));
    const long = 'k'.repeat(200);
    expectAnswer(await workflow.get(`/jobs/${long}`), refused(404), 'a long key');
    expectAnswer(
      await workflow.get(`/jobs/${encodeURIComponent(workflow.id('jobs', long))}`),
      refused(404),
      'a long id',
    );
  });

  it('bodies may be absent where they are optional', async () => {
    const workflow = await newWorkflow(torc(), { jobs: [job('a')] });
    for (const body of ['', '{}', '{"any": ["thing"]}']) {
      for (const action of ['initialize_jobs', 'reset_status', 'reset_job_status', 'prepare_jobs_for_scheduling']) {
        expect(await torc().send('POST', workflow.at(`/${action}`), body)).toMatchObject({ status: 200 });
      }
      expectAnswer(
        await torc().send('POST', workflow.at('/process_changed_job_inputs'), body),
        ok({ reinitialized_jobs: [] }),
      );
      expectAnswer(
        await torc().send('POST', workflow.at('/prepare_next_jobs_for_submission?limit=0'), body),
        ok({ jobs: [] }),
      );
      expectAnswer(await torc().send('DELETE', workflow.at('/events'), body), carriedOut);
    }
    expectAnswer(await workflow.delete('/files'), carriedOut);
    expectAnswer(await torc().send('PUT', workflow.at('/cancel'), ''), carriedOut);
    for (const path of ['/prepare_jobs_for_submission', '/join_by_inbound_edge/jobs/blocks', '/jobs', '/bulk_jobs']) {
      expectAnswer(await torc().send('POST', workflow.at(path), ''), refused(400), path);
    }
    // A body that is no JSON.
    expectAnswer(await torc().send('POST', '/workflows', '{"user": '), refused(400));
  });

  it('numeric strings count as numbers, texts of booleans as booleans, and nothing else is converted', async () => {
    const workflow = await newWorkflow(torc());
    const group = await workflow.post('/resource_requirements', { num_cpus: '4', num_gpus: '0' });
    expect(group).toMatchObject({ status: 200, json: { num_cpus: 4, num_gpus: 0 } });
    const data = await workflow.post('/user_data', { is_ephemeral: 'true' });
    expect(data).toMatchObject({ status: 200, json: { is_ephemeral: true } });
    for (const body of [{ num_cpus: '4.5' }, { num_cpus: '' }, { num_cpus: true }, { name: 5 }]) {
      expectAnswer(await workflow.post('/resource_requirements', body), refused(400), JSON.stringify(body));
    }
    expectAnswer(await workflow.post('/user_data', { is_ephemeral: 1 }), refused(400));
    expectAnswer(await workflow.post('/user_data', { is_ephemeral: '' }), refused(400));
  });

  it('callers may choose keys, which are taken once and never generated', async () => {
    const client = torc();
    const chosen = `chosen-${Date.now()}`;
    const created = await client.post('/workflows', { user: 'u', _key: chosen });
    expectAnswer(created, ok({ ...documentIn(created), _key: chosen, _id: `workflows/${chosen}` }));
    expectAnswer(await client.post('/workflows', { user: 'u', _key: chosen }), refused(400, 1210));
    const workflow = new Workflow(client, chosen);
    const odd = "A-z_0:.@()+,=;$!*'%";
    const file = await workflow.post('/files', { path: 'p', _key: odd });
    expectAnswer(file, ok(workflow.stored('files', { path: 'p', _key: odd })));
    expectAnswer(await workflow.get(`/files/${encodeURIComponent(odd)}`), file);
    expectAnswer(await workflow.get(`/files/${encodeURIComponent(workflow.id('files', odd))}`), file);
    expectAnswer(await workflow.get(`/files?_key=${encodeURIComponent(odd)}`), list([documentIn(file)]));
    expectAnswer(await workflow.post('/files', { path: 'q', _key: odd }), refused(400, 1210));
    // The same key in another collection, and in another workflow, is another document.
    const odder = await workflow.post('/jobs', { name: 'odd', command: 'odd', _key: odd });
    expectAnswer(odder, ok(workflow.storedJob('odd', { _key: odd })));
    const other = await newWorkflow(client);
    expect(await other.post('/files', { path: 'p', _key: odd })).toMatchObject({ status: 200 });
    for (const illegal of ['', 'a b', 'a/b', 'ä', 'x'.repeat(255), 'a#', 'a?', '[x]']) {
      expectAnswer(await workflow.post('/files', { path: 'p', _key: illegal }), refused(400, 1221), illegal);
      expectAnswer(await client.post('/workflows', { user: 'u', _key: illegal }), refused(400, 1221), illegal);
    }
    expect(await workflow.post('/files', { path: 'p', _key: 'x'.repeat(254) })).toMatchObject({ status: 200 });
    expectAnswer(await workflow.post('/files', { path: 'p', _key: 5 }), refused(400, 1221));
    // Generated keys pass over those that callers chose, also over deleted ones.
    const next = Number(keyOf(documentIn(await workflow.post('/files', { path: 'x' }))));
    const ahead = Array.from({ length: 6 }, (_, index) => String(next + 1 + index));
    for (const key of ahead)
      expect(await workflow.post('/files', { path: key, _key: key })).toMatchObject({ status: 200 });
    for (const key of ahead.slice(0, 3)) await workflow.delete(`/files/${key}`);
    const generated: string[] = [];
    for (let index = 0; index < 8; index += 1) generated.push(keyOf(await workflow.added('files', { path: 'y' })));
    expect(generated.filter((key) => ahead.includes(key))).toEqual([]);
    expect(new Set(generated).size).toBe(8);
    expect(generated.filter((key) => !/^\d+$/.test(key))).toEqual([]);
  });

  it('revisions belong to one document', async () => {
    const workflow = await newWorkflow(torc(), {
      files: [{ name: 'f', path: 'f' }],
      user_data: [
        { name: 'kept', is_ephemeral: true, data: {} },
        { name: 'cleared', is_ephemeral: true, data: { x: 1 } },
      ],
      resource_requirements: [{ name: 'g' }],
      jobs: [job('a', { output_files: ['f'], resource_requirements: 'g' }), job('b', { input_files: ['f'] })],
    });
    await workflow.startRun(1);
    const revisions = async (): Promise<Readonly<Record<string, string>>> => ({
      workflow: revisionOf(documentIn(await workflow.get())),
      config: revisionOf(documentIn(await workflow.get('/config'))),
      status: revisionOf(documentIn(await workflow.get('/status'))),
      a: revisionOf(await workflow.job('a')),
      b: revisionOf(await workflow.job('b')),
      file: revisionOf(await workflow.named('files', 'f')),
      group: revisionOf(await workflow.named('resource_requirements', 'g')),
      kept: revisionOf(await workflow.named('user_data', 'kept')),
      cleared: revisionOf(await workflow.named('user_data', 'cleared')),
      node: revisionOf(documentIn(await workflow.get(`/compute_nodes/${await workflow.nodeKey()}`))),
    });
    let before = await revisions();
    const changes = async (what: string, ...expected: readonly string[]): Promise<void> => {
      const after = await revisions();
      const changed = Object.keys(after).filter((name) => after[name] !== before[name]);
      expect({ what, changed }).toEqual({ what, changed: expected });
      before = after;
    };
    await workflow.initialize();
    await changes('initialization', 'a', 'b', 'cleared');
    await workflow.initialize();
    await changes('a second initialization', 'a', 'b');
    const [claimed = {}] = jobsIn(await workflow.claim());
    await changes('a claim', 'a');
    const started = documentIn(await workflow.start(claimed));
    await changes('a start', 'a');
    await workflow.completed('a', 0, { revision: revisionOf(started) });
    await changes('a completion', 'a', 'b');
    await workflow.added('events', {});
    await workflow.added('results', await workflow.result(started, 0));
    await workflow.delete('/edges/blocks');
    await changes('events, results and edges');
    await workflow.put('/cancel');
    await changes('a cancel', 'status');
    await workflow.act('/reset_status');
    await changes('a reset of the status', 'status');
    await workflow.act('/reset_job_status');
    await changes('a reset of the jobs', 'a', 'b');
    await workflow.change('files', 'f', {});
    await changes('PUT without a change', 'file');
  });

  it('errors have one shape, and each its status', async () => {
    const workflow = await newWorkflow(torc(), { jobs: [job('a')] });
    expectAnswer(await torc().get('/nothing'), refused(404), 'unknown route');
    expectAnswer(await workflow.get('/nothing'), refused(404), 'unknown route of a workflow');
    expectAnswer(await workflow.post('/nothing'), refused(404));
    for (const [method, path, allowed] of [
      ['PATCH', workflow.at('/jobs'), ['DELETE', 'GET', 'POST']],
      ['PUT', workflow.at('/jobs'), ['DELETE', 'GET', 'POST']],
      ['POST', workflow.at('/jobs/1'), ['DELETE', 'GET', 'PUT']],
      ['POST', workflow.at('/cancel'), ['PUT']],
      ['GET', workflow.at('/initialize_jobs'), ['POST']],
      ['DELETE', '/workflow_specifications/template', ['GET']],
      ['DELETE', '/ping', ['GET']],
    ] as const) {
      const answer = await torc().http.send(
        method,
        `/_db/test_db/torc-service${path}`,
        method === 'GET' ? {} : { body: '' },
      );
      expectAnswer({ status: answer.status, json: jsonAnswer(answer).json }, refused(405), `${method} ${path}`);
      const verbs = (answer.headers['allow'] ?? '').split(/, */).filter((verb) => verb !== 'HEAD');
      expect({ path, verbs: verbs.toSorted() }).toEqual({ path, verbs: allowed });
    }
    const answer = await torc().http.send('GET', workflow.at('/jobs'));
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    for (const path of ['/is_complete', '/config', '/status', '/job_keys', '/collection_names', '/missing_user_data']) {
      expectAnswer(await torc().get(`/workflows/nobodys${path}`), refused(404), path);
    }
    for (const path of [
      'initialize_jobs',
      'prepare_next_jobs_for_submission',
      'reset_status',
      'auto_tune_resource_requirements',
    ]) {
      expectAnswer(await torc().post(`/workflows/nobodys/${path}`), refused(404), path);
    }
    expectAnswer(await torc().put('/workflows/nobodys/cancel'), refused(404));
    expectAnswer(await torc().get('/workflow_specifications/nobodys'), refused(404));
  });

  it('large bodies and many documents in one call are accepted', async () => {
    const workflow = await newWorkflow(torc());
    // A job specification of its own may be long, and all of them together much longer.
    const command = `echo ${'x'.repeat(100_000)}`;
    const large = await newWorkflow(torc(), {
      jobs: Array.from({ length: 30 }, (_, index) => job(`${index}`, { command })),
    });
    expect((await large.documents('jobs')).map((each) => each['command'])).toEqual(
      Array.from({ length: 30 }, () => command),
    );
    const data = { text: 'x'.repeat(150_000) };
    expect(await workflow.post('/user_data', { name: 'large', data })).toMatchObject({ status: 200, json: { data } });
    const jobs = Array.from({ length: 10_001 }, (_, index) => ({ name: String(index), command: `echo ${index}` }));
    const bulk = await workflow.post('/bulk_jobs', { jobs });
    expect(bulk.status).toBe(200);
    const items = documentIn(bulk)['items'] as readonly Readonly<Record<string, unknown>>[];
    expect(items.map(({ name }) => name)).toEqual(jobs.map(({ name }) => name));
    expectAnswer(await workflow.get('/jobs?skip=10000'), list(items.slice(10_000), { skip: 10_000, total: 10_001 }));
    const keys = documentIn(await workflow.get('/job_keys'))['items'];
    expect(keys).toEqual(items.map(keyOf));
    expect(await workflow.delete()).toMatchObject({ status: 200 });
  });

  it('callers of other addresses repeat nothing of each other', async () => {
    const workflow = await newWorkflow(torc());
    const other = workflow.through(otherAddress());
    const node = await workflow.added('compute_nodes', NODE);
    const path = `/compute_nodes/${keyOf(node)}`;
    const ended = { ...node, is_active: false, duration_seconds: 10.93 };
    const first = await workflow.put(path, ended);
    expectAnswer(await workflow.put(path, ended), first, 'a repeat');
    expectAnswer(await other.put(path, ended), refused(409), 'the same body from another address');
    expectAnswer(await workflow.put(path, { ...ended, duration_seconds: 11 }), refused(409), 'another body');
    expectAnswer(
      await workflow.put(`/compute_nodes/${encodeURIComponent(idOf(node))}`, ended),
      refused(409),
      'another path',
    );
    // Two starts: equal bodies, one winner.
    const status = documentIn(await workflow.get('/status'));
    const run = { ...status, run_id: 1 };
    const started = await workflow.put('/status', run);
    expectAnswer(started, ok({ ...status, run_id: 1, _rev: aRevision }));
    expectAnswer(await workflow.put('/status', run), started);
    expectAnswer(await other.put('/status', run), refused(409));
    expectAnswer(await workflow.get('/status'), started);
    // A deleted document is deleted again by who deleted it.
    expectAnswer(await workflow.delete(path), first);
    expectAnswer(await workflow.delete(path), first, 'a repeat');
    expectAnswer(await other.delete(path), refused(404), 'from another address');
    // Its key is in use again.
    const again = await workflow.added('files', { path: 'p', _key: 'again' });
    expectAnswer(await workflow.delete('/files/again'), ok(again));
    const third = await workflow.added('files', { path: 'q', _key: 'again' });
    expectAnswer(await workflow.delete('/files/again'), ok(third));
    expectAnswer(await workflow.delete('/files/again'), ok(third), 'a repeat');
    const [a, b] = [await workflow.added('jobs', { command: 'a' }), await workflow.added('jobs', { command: 'b' })];
    const edge = await workflow.added('edges/blocks', { _from: idOf(a), _to: idOf(b) });
    expectAnswer(await workflow.delete(`/edges/blocks/${keyOf(edge)}`), ok(edge));
    expectAnswer(await workflow.delete(`/edges/blocks/${keyOf(edge)}`), ok(edge), 'a repeat');
    expectAnswer(await other.delete(`/edges/blocks/${keyOf(edge)}`), refused(404));
    const gone = await workflow.delete();
    expectAnswer(await workflow.delete(), gone, 'a repeat');
    expectAnswer(await other.delete(), refused(404));
  });
};
