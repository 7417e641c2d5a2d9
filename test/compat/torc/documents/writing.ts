import type { ExpectAnswer } from '../../exact-answers.js';
import { aRevision, aTime, documentIn, idOf, keyOf, list, ok, refused, revisionOf, without } from '../answers.js';
import type { TorcClient } from '../torc-client.js';
import { DEFAULT_CONFIG, initialized, job, newWorkflow, NODE, Workflow } from '../workflow.js';

/** PUT and what it keeps: contract 1.8, 2.1 to 2.3, 6.4. */
export const writing = (torc: () => TorcClient, expectAnswer: ExpectAnswer): void => {
  it('PUT replaces the fields that it has, whole, and keeps the others', async () => {
    const workflow = await newWorkflow(torc());
    const data = await workflow.added('user_data', { name: 'u', is_ephemeral: true, data: { a: 1, b: { c: 2 } } });
    const path = `/user_data/${keyOf(data)}`;
    const identity = (of: typeof data): object => ({ _key: of['_key'], _rev: of['_rev'] });
    const renamed = await workflow.put(path, { name: 'v', ...identity(data) });
    // Defaults are filled in again: `is_ephemeral` has one, `data` has none.
    expectAnswer(renamed, ok({ ...data, name: 'v', is_ephemeral: false, _rev: aRevision }));
    const replaced = await workflow.put(path, { data: { b: { d: 3 } }, ...identity(documentIn(renamed)) });
    expectAnswer(replaced, ok({ ...documentIn(renamed), data: { b: { d: 3 } }, _rev: aRevision }));
    // `_oldRev` is accepted and never stored.
    const current = documentIn(replaced);
    const written = await workflow.put(path, { ...current, data: {}, _oldRev: 'x' });
    expectAnswer(written, ok({ ...current, data: {}, _rev: aRevision }));
    expectAnswer(await workflow.get(path), written);
    expectAnswer(await workflow.get('/user_data'), list([documentIn(written)]));

    const node = await workflow.added('compute_nodes', NODE);
    const nodePath = `/compute_nodes/${keyOf(node)}`;
    const short = { hostname: 'h', pid: 1, start_time: 't', resources: { num_cpus: 1, memory_gb: 2 } };
    expectAnswer(
      await workflow.put(nodePath, { ...short, ...identity(node) }),
      ok({
        ...{ ...node, ...short, _rev: aRevision, scheduler: {} },
        resources: { num_cpus: 1, memory_gb: 2, num_gpus: 0, num_nodes: 1, scheduler_config_id: '' },
      }),
    );
    const mtime = await workflow.added('files', { path: 'p', name: 'n' });
    expectAnswer(
      await workflow.put(`/files/${keyOf(mtime)}`, { path: 'p', st_mtime: 5, ...identity(mtime) }),
      ok({ ...mtime, st_mtime: 5, _rev: aRevision }),
    );
  });

  it('PUT of a job keeps what the server computed, and ignores relations', async () => {
    const workflow = await initialized(torc(), { files: [{ name: 'f', path: 'f' }], jobs: [job('a'), job('b')] });
    await workflow.completed('a');
    const a = await workflow.job('a');
    const file = await workflow.named('files', 'f');
    const path = `/jobs/${keyOf(a)}`;
    const relations = {
      ...{ input_files: [idOf(file)], output_files: [idOf(file)], input_user_data: [], output_user_data: [] },
      ...{ blocked_by: ['anything'], resource_requirements: 'x', scheduler: 'y' },
    };
    const written = await workflow.put(path, { ...without(a, 'internal'), ...relations, invocation_script: null });
    expectAnswer(written, ok({ ...a, invocation_script: null, _rev: aRevision }));
    expectAnswer(await workflow.get(path), written);
    for (const edge of ['needs', 'produces', 'blocks'])
      expectAnswer(await workflow.get(`/edges/${edge}`), list([]), edge);
    // Any status, with no effect on other jobs.
    for (const status of [
      ...['uninitialized', 'blocked', 'ready', 'scheduled', 'submitted_pending', 'submitted', 'done', 'terminated'],
      ...['canceled', 'disabled'],
    ]) {
      expect(await workflow.setStatus('a', status)).toMatchObject({ status });
      expect(await workflow.job('b')).toMatchObject({ status: 'ready' });
      expectAnswer(await workflow.get(`/jobs?status=${status}&name=a&limit=0`), list([], { total: 1 }), status);
    }
    expectAnswer(await workflow.put(path, { ...(await workflow.job('a')), status: 'failed' }), refused(400));
  });

  it('workflows are created, listed, changed and deleted', async () => {
    const client = torc();
    const user = `user-${Date.now()}`;
    const posted = await client.post('/workflows', { user, name: 'one', description: 'first', is_archived: false });
    const fields = { user, name: 'one', description: 'first', is_archived: false, timestamp: aTime };
    const key = keyOf(documentIn(posted));
    expectAnswer(posted, ok({ ...fields, _key: key, _id: `workflows/${key}`, _rev: aRevision }));
    const other = await client.post('/workflows', { user, timestamp: '2020-01-01T00:00:00.000Z', is_archived: true });
    expect(other).toMatchObject({ status: 200, json: { name: '', timestamp: '2020-01-01T00:00:00.000Z' } });
    const nobodys = await client.post('/workflows', { name: null, user: null, description: null, timestamp: '' });
    expect(nobodys).toMatchObject({ json: { name: null, user: '', description: null, timestamp: aTime } });
    expect(await client.post('/workflows', {})).toMatchObject({ json: { name: '', user: '', is_archived: false } });
    const [one, two] = [documentIn(posted), documentIn(other)];
    expectAnswer(await client.get(`/workflows?user=${user}`), list([one, two]));
    expectAnswer(await client.get(`/workflows?user=${user}&is_archived=true`), list([two]));
    expectAnswer(await client.get(`/workflows?user=${user}&name=one&description=first`), list([one]));
    expectAnswer(await client.get(`/workflows?user=${user}&sort_by=timestamp`), list([two, one]));
    expectAnswer(
      await client.get(`/workflows?user=${user}&sort_by=name&reverse_sort=true&limit=1`),
      list([one], { total: 2 }),
    );
    expectAnswer(await client.get(`/workflows?user=${user}&skip=1`), list([two], { skip: 1, total: 2 }));
    const workflow = new Workflow(client, key);
    for (const timestamp of [undefined, '']) {
      const before = documentIn(await workflow.get());
      const written = await workflow.put('', {
        ...without(before, 'timestamp'),
        description: 'd',
        ...(timestamp === '' && { timestamp }),
      });
      expectAnswer(written, ok({ ...before, description: 'd', _rev: aRevision }), 'the timestamp is kept');
      expectAnswer(await workflow.put('', { ...before, description: 'other' }), refused(409));
    }
    const current = documentIn(await workflow.get());
    expectAnswer(await workflow.put('', without(current, '_rev')), refused(400));
    expectAnswer(await workflow.put('', { ...current, _key: keyOf(two) }), refused(400));
    expectAnswer(await workflow.put('', { ...current, _id: idOf(two) }), refused(400));
    expectAnswer(await workflow.put('', { ...current, color: 'red' }), refused(400));
    for (const body of [{ user: 5 }, { name: [] }, { is_archived: 'maybe' }, { timestamp: 5 }, { jobs: [] }]) {
      expectAnswer(await client.post('/workflows', body), refused(400), JSON.stringify(body));
    }
    expectAnswer(await client.delete(`/workflows/${key}`, {}), ok(current));
    expectAnswer(await client.get(`/workflows?user=${user}`), list([two]));
  });

  it('config and status are those of their workflow', async () => {
    const client = torc();
    const workflow = await newWorkflow(client);
    const other = await newWorkflow(client);
    const [config, status] = [documentIn(await workflow.get('/config')), documentIn(await workflow.get('/status'))];
    const others = { config: await other.get('/config'), status: await other.get('/status') };
    expectAnswer(
      await workflow.get('/config'),
      ok({ ...DEFAULT_CONFIG, _key: config['_key'], _id: `workflow_configs/${keyOf(config)}`, _rev: aRevision }),
    );
    expectAnswer(
      await workflow.put('/config', { ...DEFAULT_CONFIG, _rev: config['_rev'] }),
      refused(400),
      'neither key nor id',
    );
    expectAnswer(
      await workflow.put('/config', { ...config, ...{ _key: documentIn(others.config)['_key'] } }),
      refused(400),
    );
    expectAnswer(
      await workflow.put('/config', { ...config, ...{ _id: documentIn(others.config)['_id'] } }),
      refused(400),
    );
    expectAnswer(
      await workflow.put('/status', { ...status, ...{ _key: documentIn(others.status)['_key'] } }),
      refused(400),
    );
    expectAnswer(
      await workflow.put('/status', { ...status, ...{ _id: documentIn(others.status)['_id'] } }),
      refused(400),
    );
    expectAnswer(await workflow.put('/status', without(status, '_key', '_id')), refused(400));
    expectAnswer(await workflow.put('/config', { ...config, _rev: 'stale' }), refused(409));
    expectAnswer(await workflow.put('/status', { ...status, _rev: 'stale' }), refused(409));
    for (const wrong of [
      ...[{ color: 1 }, { prepare_jobs_sort_method: 'size' }, { compute_node_expiration_buffer_seconds: 1.5 }],
      ...[{ compute_node_resource_stats: { cpu: 'x' } }, { compute_node_resource_stats: { monitor_type: 'rarely' } }],
      { compute_node_ignore_workflow_completion: 'maybe' },
    ]) {
      expectAnswer(await workflow.put('/config', { ...config, ...wrong }), refused(400), JSON.stringify(wrong));
    }
    for (const wrong of [
      { run_id: -1 },
      { run_id: 1.5 },
      { is_canceled: 'x' },
      { auto_tune_status: 1 },
      { color: 1 },
    ]) {
      expectAnswer(await workflow.put('/status', { ...status, ...wrong }), refused(400), JSON.stringify(wrong));
    }
    for (const name of ['run_id', 'is_canceled', 'auto_tune_status']) {
      expectAnswer(await workflow.put('/status', without(status, name)), refused(400), `without ${name}`);
    }
    expectAnswer(await workflow.get('/config'), ok(config));
    expectAnswer(await workflow.get('/status'), ok(status));
    expectAnswer(await other.get('/config'), others.config);
    expectAnswer(await other.get('/status'), others.status);

    // A body without `_rev` is applied without the check; nested defaults are filled in; `interval` may be a fraction.
    const nested = { compute_node_resource_stats: { process: true, interval: 2.5 } };
    const written = await workflow.put('/config', {
      _key: config['_key'],
      ...nested,
      prepare_jobs_sort_method: 'none',
    });
    const stats = { ...DEFAULT_CONFIG.compute_node_resource_stats, ...nested.compute_node_resource_stats };
    expectAnswer(
      written,
      ok({ ...config, prepare_jobs_sort_method: 'none', compute_node_resource_stats: stats, _rev: aRevision }),
    );
    expect(revisionOf(documentIn(written))).not.toBe(revisionOf(config));
    const ran = { run_id: 12, is_canceled: true, auto_tune_status: { enabled: true, job_keys: ['1'] } };
    const statusWritten = await workflow.put('/status', {
      ...{ ...ran, has_detected_need_to_run_completion_script: true, scheduled_compute_node_ids: ['x'] },
      _id: status['_id'],
    });
    // `scheduled_compute_node_ids` is accepted and ignored (D30).
    expectAnswer(
      statusWritten,
      ok({ ...status, ...ran, has_detected_need_to_run_completion_script: true, _rev: aRevision }),
    );
    expectAnswer(await workflow.get('/status'), statusWritten);
    await workflow.act('/reset_status');
    expectAnswer(await workflow.get('/status'), ok({ ...status, run_id: 12, _rev: aRevision }));
  });
};
