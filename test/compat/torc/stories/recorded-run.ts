import type { ExpectAnswer } from '../../exact-answers.js';
import { aKey, aRevision, aTime, carriedOut, documentIn, keyOf, list, ok, revisionOf, someText } from '../answers.js';
import type { TorcClient } from '../torc-client.js';
import { DEFAULT_CONFIG, DEFAULT_INTERNAL, NO_INTERNAL, Workflow } from '../workflow.js';

/** A complete local run, call by call as it was recorded with the real client (contract 7.8). */
export const recordedRun = (torc: () => TorcClient, expectAnswer: ExpectAnswer): void => {
  it('a workflow is created, started and run by a local worker', async () => {
    const client = torc();
    const specification = {
      ...{ name: 'sweep', user: 'sim-team' },
      jobs: [
        {
          ...{ name: 'make', command: 'python make.py', resource_requirements: 'small' },
          ...{ input_files: ['grid'], output_files: ['field'] },
        },
        { name: 'use', command: 'python use.py', input_files: ['field'] },
      ],
      files: [
        { name: 'grid', path: 'data/grid.nc' },
        { name: 'field', path: 'out/field.nc' },
      ],
      resource_requirements: [{ name: 'small', num_cpus: 2, memory: '1g', runtime: 'P0DT30M' }],
    };

    // 1: created
    const created = await client.post('/workflow_specifications', specification);
    const workflowKey = keyOf(documentIn(created));
    const document = {
      ...{ name: 'sweep', user: 'sim-team', description: '', timestamp: aTime, is_archived: false },
      ...{ _key: aKey, _id: `workflows/${workflowKey}`, _rev: aRevision },
    };
    expectAnswer(created, ok(document), '1');
    const workflow = new Workflow(client, workflowKey);
    const [make, use] = [await workflow.job('make'), await workflow.job('use')];
    const [makeKey, useKey] = [keyOf(make), keyOf(use)];
    const [grid, field] = [await workflow.named('files', 'grid'), await workflow.named('files', 'field')];
    const files = [
      workflow.stored('files', { name: 'grid', path: 'data/grid.nc', _key: keyOf(grid) }),
      workflow.stored('files', { name: 'field', path: 'out/field.nc', _key: keyOf(field) }),
    ];
    const makeJob = (fields: object): object => ({
      ...workflow.storedJob('make', { command: 'python make.py', _key: makeKey }),
      ...fields,
    });
    const useJob = (fields: object): object => ({
      ...workflow.storedJob('use', { command: 'python use.py', _key: useKey }),
      ...fields,
    });
    const status = (fields: object): object => ({
      ...{ run_id: 0, is_canceled: false, scheduled_compute_node_ids: [] },
      has_detected_need_to_run_completion_script: false,
      auto_tune_status: { enabled: false, job_keys: [] },
      ...{ _key: aKey, _id: expect.stringMatching(/^workflow_statuses\//) as unknown, _rev: aRevision },
      ...fields,
    });
    const config = {
      ...DEFAULT_CONFIG,
      ...{ _key: aKey, _id: expect.stringMatching(/^workflow_configs\//) as unknown, _rev: aRevision },
    };

    // 2 to 15: started
    expectAnswer(await client.get('/ping'), ok({ message: someText }), '2');
    expectAnswer(await workflow.get('/status'), ok(status({})), '3');
    expectAnswer(await workflow.get('/jobs?skip=0'), list([makeJob({}), useJob({})]), '4');
    expectAnswer(await workflow.get(), created, '5');
    expectAnswer(await workflow.get('/missing_user_data'), ok({ user_data: [] }), '6');
    const gridId = String(grid['_id']);
    expectAnswer(await workflow.get('/required_existing_files'), ok({ files: [gridId] }), '7');
    expectAnswer(await workflow.get(`/files/${encodeURIComponent(gridId)}`), ok(files[0]), '8');
    expectAnswer(await workflow.get('/config'), ok(config), '9');
    expectAnswer(await workflow.get('/files?skip=0'), list(files), '10');
    const measured = { ...grid, st_mtime: 1772355300.5651662 };
    const gridWritten = await workflow.put(`/files/${keyOf(grid)}`, measured);
    expectAnswer(gridWritten, ok({ ...files[0], st_mtime: 1772355300.5651662 }), '11');
    expect(revisionOf(documentIn(gridWritten))).not.toBe(revisionOf(grid));
    const untouched = await workflow.get('/status');
    expectAnswer(await workflow.post('/reset_status'), carriedOut, '12');
    expectAnswer(await workflow.post('/reset_job_status'), carriedOut, '13');
    const reset = await workflow.get('/status');
    expectAnswer(reset, ok(status({})), '14');
    expect(revisionOf(documentIn(reset))).not.toBe(revisionOf(documentIn(untouched)));
    const first = documentIn(reset);
    const started = await workflow.put('/status', {
      ...{ is_canceled: false, run_id: 1, auto_tune_status: { enabled: false, job_keys: [] } },
      has_detected_need_to_run_completion_script: false,
      ...{ _key: first['_key'], _id: first['_id'], _rev: first['_rev'] },
    });
    expectAnswer(started, ok(status({ run_id: 1 })), '15');
    expectAnswer(await workflow.post('/initialize_jobs?only_uninitialized=false'), carriedOut, '16');
    const startEvent = {
      ...{ category: 'workflow', type: 'start', user: 'sim-team', node_name: 'node-07', run_id: 1 },
      message: 'Started workflow',
    };
    const anEvent = (fields: object): object =>
      workflow.stored('events', { timestamp: expect.any(Number) as unknown, ...fields });
    expectAnswer(await workflow.post('/events', startEvent), ok(anEvent(startEvent)), '17');

    // 18 to 21: a worker begins
    expectAnswer(await workflow.get(), created, '18, workflow');
    expectAnswer(await workflow.get('/status'), started, '18, status');
    expectAnswer(await workflow.get('/config'), ok(config), '18, config');
    const workerStart = {
      ...{ category: 'worker', type: 'start', node_name: 'node-07', torc_version: '0.6.4' },
      message: 'Started worker node-07',
    };
    expectAnswer(await workflow.post('/events', workerStart), ok(anEvent(workerStart)), '19');
    const resources = { num_cpus: 2, memory_gb: 23.54, num_gpus: 0, num_nodes: 1 };
    const worker = {
      ...{ hostname: 'node-07', pid: 4242, start_time: '2026-03-01 09:15:00.123456', is_active: true, resources },
      scheduler: { hostname: 'node-07', scheduler_type: 'local' },
    };
    const registered = await workflow.post('/compute_nodes', worker);
    const node = documentIn(registered);
    const nodeKey = keyOf(node);
    const registeredNode = workflow.stored('compute_nodes', {
      ...worker,
      resources: { ...resources, scheduler_config_id: '' },
    });
    expectAnswer(registered, ok(registeredNode), '20');
    expect(documentIn(await client.get('/version'))).toMatchObject({ version: '0.6.4' });

    // 22 to 37: the worker's loop
    const goesOn = ok({ is_canceled: false, is_complete: false, needs_to_run_completion_script: false });
    const claim = '/prepare_jobs_for_submission?sort_method=gpus_runtime_memory';
    expectAnswer(await workflow.get('/is_complete'), goesOn, '22');
    expectAnswer(await workflow.get('/status'), started, '23');
    const makeInternal = {
      ...NO_INTERNAL,
      ...{ memory_bytes: 1_073_741_824, num_cpus: 2, num_nodes: 1, runtime_seconds: 1800 },
    };
    const firstClaim = await workflow.post(claim, resources);
    const makeClaimed = makeJob({ status: 'submitted_pending', internal: makeInternal });
    expectAnswer(firstClaim, ok({ jobs: [makeClaimed], reason: '' }), '24');
    const startPath = (key: string, revision: string): string =>
      `/jobs/${key}/start_job/${revision}/1/${encodeURIComponent(`compute_nodes__${workflowKey}/${nodeKey}`)}`;
    const revisionOfClaimed = ({ json }: typeof firstClaim): string =>
      revisionOf((json as { jobs: readonly Readonly<Record<string, unknown>>[] }).jobs[0] ?? {});
    const makeStarted = await workflow.put(startPath(makeKey, revisionOfClaimed(firstClaim)));
    expectAnswer(makeStarted, ok(makeJob({ status: 'submitted', internal: makeInternal })), '25');
    expect(revisionOf(documentIn(makeStarted))).not.toBe(revisionOfClaimed(firstClaim));
    expectAnswer(await workflow.get('/is_complete'), goesOn, '26');
    expectAnswer(await workflow.get(`/files/produced_by_job/${makeKey}?skip=0`), list([files[1]]), '27');
    expectAnswer(
      await workflow.put(`/files/${keyOf(field)}`, { ...field, st_mtime: 1772355301.0000012 }),
      ok({ ...files[1], st_mtime: 1772355301.0000012 }),
      '28',
    );
    const completePath = (id: unknown, revision: string): string =>
      `/jobs/${encodeURIComponent(String(id))}/complete_job/done/${revision}/1/${nodeKey}`;
    const makeResult = {
      ...{ job_key: makeKey, run_id: 1, return_code: 0, exec_time_minutes: 0.0508 },
      ...{ completion_time: '2026-03-01T09:27:31.461539', status: 'done' },
    };
    const makeDone = await workflow.post(completePath(make['_id'], revisionOf(documentIn(makeStarted))), makeResult);
    const hashed = { hash: expect.any(Number) as unknown };
    expectAnswer(makeDone, ok(makeJob({ status: 'done', internal: { ...makeInternal, ...hashed } })), '29');
    const { hash } = documentIn(makeDone)['internal'] as { readonly hash: number };
    expect(Number.isSafeInteger(hash) && hash !== 0).toBe(true);
    expectAnswer(await workflow.post('/prepare_jobs_for_scheduling'), ok({ schedulers: [] }), '30');
    expectAnswer(await workflow.get('/status'), started, '31');
    const secondClaim = await workflow.post(claim, resources);
    const useClaimed = useJob({ status: 'submitted_pending', internal: DEFAULT_INTERNAL });
    expectAnswer(secondClaim, ok({ jobs: [useClaimed], reason: '' }), '32');
    const useStarted = await workflow.put(startPath(useKey, revisionOfClaimed(secondClaim)));
    expectAnswer(useStarted, ok(useJob({ status: 'submitted', internal: DEFAULT_INTERNAL })), '33');
    expectAnswer(await workflow.get('/is_complete'), goesOn, '34, is_complete');
    expectAnswer(await workflow.get(`/files/produced_by_job/${useKey}?skip=0`), list([]), '34, files');
    const useResult = {
      ...{ job_key: useKey, run_id: 1, return_code: 0, exec_time_minutes: 0.0502 },
      ...{ completion_time: '2026-03-01T09:27:35.461539', status: 'done' },
    };
    expectAnswer(
      await workflow.post(completePath(use['_id'], revisionOf(documentIn(useStarted))), useResult),
      ok(useJob({ status: 'done', internal: { ...DEFAULT_INTERNAL, ...hashed } })),
      '35',
    );
    expectAnswer(await workflow.post('/prepare_jobs_for_scheduling'), ok({ schedulers: [] }), '36, scheduling');
    expectAnswer(await workflow.get('/status'), started, '36, status');
    expectAnswer(await workflow.post(claim, resources), ok({ jobs: [], reason: someText }), '37');

    // 38 to 41: the worker ends
    const complete = ok({ is_canceled: false, is_complete: true, needs_to_run_completion_script: false });
    for (const when of ['idle check', 'loop', 'end']) {
      expectAnswer(await workflow.get('/is_complete'), complete, `38, ${when}`);
    }
    const stats = {
      ...{ hostname: 'node-07', timestamp: '2026-03-01 13:14:40.005521' },
      stats: [
        {
          ...{ resource_type: 'cpu', average: { cpu_percent: 61.4 }, minimum: { cpu_percent: 0.3 } },
          ...{ maximum: { cpu_percent: 99.8 }, num_samples: 2871 },
        },
      ],
    };
    const statsAnswer = await workflow.post('/compute_node_stats', stats);
    expectAnswer(statsAnswer, ok(workflow.stored('compute_node_stats', stats)), '39, stats');
    const nodeUsed = { _from: `compute_nodes__${workflowKey}/${nodeKey}`, _to: documentIn(statsAnswer)['_id'] };
    expectAnswer(
      await workflow.post('/edges/node_used', nodeUsed),
      ok(workflow.stored('node_used', nodeUsed)),
      '39, edge',
    );
    const ended = { is_active: false, duration_seconds: 10.93 };
    expectAnswer(
      await workflow.put(`/compute_nodes/${nodeKey}`, { ...node, ...ended }),
      ok({ ...registeredNode, ...ended }),
      '40',
    );
    const stop = { category: 'worker', type: 'stop', node_name: 'node-07', message: 'Stopped worker node-07' };
    expectAnswer(await workflow.post('/events', stop), ok(anEvent(stop)), '41');

    // Afterwards
    expectAnswer(await workflow.get('/status'), started, 'status afterwards');
    expectAnswer(await workflow.get('/config'), ok(config), 'config afterwards');
    const results = [workflow.stored('results', makeResult), workflow.stored('results', useResult)];
    expectAnswer(await workflow.get('/results?skip=0'), list(results), 'results');
    const executed = [makeKey, useKey].map((key) =>
      workflow.stored('executed', { _from: nodeUsed._from, _to: workflow.id('jobs', key), data: { run_id: 1 } }),
    );
    expectAnswer(await workflow.get('/edges/executed'), list(executed), 'executed');
    const stored = await workflow.documents('results');
    const returned = [makeKey, useKey].map((key, place) =>
      workflow.stored('returned', { _from: workflow.id('jobs', key), _to: stored[place]?.['_id'] }),
    );
    expectAnswer(await workflow.get('/edges/returned'), list(returned), 'returned');
    const blocks = workflow.stored('blocks', { _from: workflow.id('jobs', makeKey), _to: workflow.id('jobs', useKey) });
    expectAnswer(await workflow.get('/edges/blocks'), list([blocks]), 'blocks');
    expectAnswer(await workflow.get('/edges/node_used'), list([workflow.stored('node_used', nodeUsed)]), 'node_used');
    const ofJob = (type: string, key: string, name: string): object =>
      anEvent({ category: 'job', type, job_key: key, job_name: name, node_name: 'node-07', message: someText });
    expectAnswer(
      await workflow.get('/events?skip=0'),
      list([
        anEvent(startEvent),
        anEvent(workerStart),
        ofJob('start', makeKey, 'make'),
        ofJob('complete', makeKey, 'make'),
        ofJob('start', useKey, 'use'),
        ofJob('complete', useKey, 'use'),
        anEvent(stop),
      ]),
      'events',
    );
  });
};
