import type { ExpectAnswer } from '../../exact-answers.js';
import {
  aRevision,
  carriedOut,
  documentIn,
  jobsIn,
  keyOf,
  list,
  ok,
  refused,
  revisionOf,
  someText,
} from '../answers.js';
import type { TorcClient } from '../torc-client.js';
import { DEFAULT_INTERNAL, job, LARGE_WORKER, newWorkflow } from '../workflow.js';

/** Contract 7.7. */
export const cancelAndReset = (torc: () => TorcClient, expectAnswer: ExpectAnswer): void => {
  it('a running workflow is canceled and its worker kills the jobs', async () => {
    const workflow = await newWorkflow(torc(), {
      jobs: [job('running'), job('claimed'), job('waiting'), job('after', { blocked_by: ['running'] })],
    });
    await workflow.startRun(1);
    await workflow.initialize();
    const [first = {}] = jobsIn(await workflow.claim({ ...LARGE_WORKER, num_cpus: 1 }));
    const [second = {}] = jobsIn(await workflow.claim({ ...LARGE_WORKER, num_cpus: 1 }));
    const started = documentIn(await workflow.start(first));
    expectAnswer(await workflow.statuses(), {
      ...{ running: 'submitted', claimed: 'submitted_pending', waiting: 'ready', after: 'blocked' },
    });
    const waiting = await workflow.job('waiting');
    expectAnswer(await workflow.get('/scheduled_compute_nodes'), list([]));
    expectAnswer(await workflow.put('/cancel'), carriedOut);
    const canceled = { running: 'canceled', claimed: 'canceled', waiting: 'ready', after: 'blocked' };
    expectAnswer(await workflow.statuses(), canceled);
    expectAnswer(await workflow.get(`/jobs/${keyOf(waiting)}`), ok(waiting));
    expectAnswer(
      await workflow.get('/is_complete'),
      ok({ is_canceled: true, is_complete: true, needs_to_run_completion_script: false }),
    );
    expectAnswer(await workflow.claim(), ok({ jobs: [], reason: someText }));
    expectAnswer(await workflow.post('/prepare_next_jobs_for_submission'), ok({ jobs: [] }));
    expectAnswer(await workflow.post('/prepare_jobs_for_scheduling'), ok({ schedulers: [] }));
    // A second cancel writes nothing (1.8).
    const status = await workflow.get('/status');
    const running = await workflow.job('running');
    expectAnswer(await workflow.put('/cancel'), carriedOut);
    expectAnswer(await workflow.get('/status'), status);
    expectAnswer(await workflow.get(`/jobs/${keyOf(running)}`), ok(running));

    // The order of the checks is visible: status at start_job, revision at complete_job.
    expectAnswer(await workflow.start(second), refused(400));
    expectAnswer(await workflow.complete('running', 0, { revision: revisionOf(started) }), refused(409));
    const killed = await workflow.complete('running', -9, { status: 'canceled' });
    expectAnswer(
      killed,
      ok({
        ...running,
        ...{ status: 'canceled', _rev: aRevision },
        internal: { ...DEFAULT_INTERNAL, hash: expect.any(Number) as unknown },
      }),
    );
    expect(revisionOf(documentIn(killed))).not.toBe(revisionOf(running));
    expectAnswer(await workflow.statuses(), canceled);
    expectAnswer(
      await workflow.get('/results'),
      list([workflow.stored('results', { ...(await workflow.result(running, -9, { status: 'canceled' })) })]),
    );
    expect(await workflow.edges('returned')).toHaveLength(1);
    const events = await workflow.documents('events');
    expect(events.map(({ type, job_name }) => [type, job_name])).toEqual([
      ['start', 'running'],
      ['complete', 'running'],
    ]);

    // reset-status, then restart (5.9, D31).
    expectAnswer(await workflow.post('/reset_status'), carriedOut);
    expectAnswer(
      await workflow.get('/status'),
      ok({ ...documentIn(status), is_canceled: false, run_id: 1, _rev: aRevision }),
    );
    await workflow.initialize();
    expectAnswer(await workflow.statuses(), canceled);
    expectAnswer(await workflow.post('/reset_job_status?failed_only=true'), carriedOut);
    await workflow.initialize();
    expectAnswer(await workflow.statuses(), {
      ...{ running: 'ready', claimed: 'ready', waiting: 'ready', after: 'blocked' },
    });
  });

  it('chosen jobs are reset, and one is switched off and on again', async () => {
    const workflow = await newWorkflow(torc(), {
      jobs: [job('a'), job('b', { blocked_by: ['a'] }), job('c'), job('d', { blocked_by: ['b'] })],
    });
    await workflow.startRun(1);
    await workflow.initialize();
    await workflow.completed('a');
    await workflow.completed('b');
    await workflow.completed('c', 1);
    await workflow.completed('d');
    // jobs disable: PUT; jobs reset-status: manage_status_change of complete jobs, PUT of others.
    const b = await workflow.job('b');
    const disabled = await workflow.put(`/jobs/${keyOf(b)}`, { ...b, status: 'disabled' });
    expectAnswer(disabled, ok({ ...b, status: 'disabled', _rev: aRevision }));
    const a = await workflow.job('a');
    const path = `/jobs/${keyOf(a)}/manage_status_change/uninitialized/${revisionOf(a)}/1`;
    expectAnswer(await workflow.put(path), ok({ ...a, status: 'uninitialized', _rev: aRevision }));
    // A disabled job keeps its status, and the walk goes on through it (D27).
    expectAnswer(await workflow.statuses(), { a: 'uninitialized', b: 'disabled', c: 'done', d: 'uninitialized' });
    await workflow.initialize();
    expectAnswer(await workflow.statuses(), { a: 'ready', b: 'disabled', c: 'done', d: 'blocked' });
    await workflow.completed('a');
    expectAnswer(await workflow.statuses(), { a: 'done', b: 'disabled', c: 'done', d: 'blocked' });
    expectAnswer(
      await workflow.get('/is_complete'),
      ok({ is_canceled: false, is_complete: false, needs_to_run_completion_script: false }),
    );
    // failed_only leaves the disabled one alone; `workflows start` switches it on again.
    expectAnswer(await workflow.post('/reset_job_status?failed_only=true'), carriedOut);
    expectAnswer(await workflow.statuses(), { a: 'done', b: 'disabled', c: 'uninitialized', d: 'blocked' });
    expectAnswer(await workflow.post('/reset_job_status'), carriedOut);
    expectAnswer(await workflow.statuses(), {
      ...{ a: 'uninitialized', b: 'uninitialized', c: 'uninitialized', d: 'uninitialized' },
    });
    await workflow.initialize();
    expectAnswer(await workflow.statuses(), { a: 'ready', b: 'blocked', c: 'ready', d: 'blocked' });
  });

  it('a rerun within one run stores its result beside the older one, which then no longer counts', async () => {
    const workflow = await newWorkflow(torc(), { jobs: [job('a'), job('b', { blocked_by: ['a'] })] });
    await workflow.startRun(1);
    await workflow.initialize();
    await workflow.completed('a', 1);
    expectAnswer(await workflow.complete('a', 0), refused(400), 'a second result of one attempt');
    await workflow.act('/reset_job_status?failed_only=true');
    await workflow.initialize();
    await workflow.completed('a', 0);
    const a = await workflow.job('a');
    expectAnswer(await workflow.statuses(), { a: 'done', b: 'ready' });
    const results = await workflow.documents('results');
    expect(results.map(({ return_code }) => return_code)).toEqual([1, 0]);
    expect(await workflow.edges('returned')).toHaveLength(2);
    expectAnswer(await workflow.get(`/results/find_by_job/${keyOf(a)}`), ok(results[1]));
    await workflow.act('/reset_job_status?failed_only=true');
    expectAnswer(await workflow.statuses(), { a: 'done', b: 'ready' });
  });

  it('a completion refuses what does not fit', async () => {
    const workflow = await newWorkflow(torc(), { jobs: [job('a')] });
    await workflow.startRun(3);
    await workflow.initialize();
    const a = await workflow.job('a');
    const node = await workflow.nodeKey();
    const result = await workflow.result(a, 0);
    const path = ({ key = keyOf(a), status = 'done', revision = revisionOf(a), runId = '3', by = node }): string =>
      `/jobs/${key}/complete_job/${status}/${revision}/${runId}/${by}`;
    for (const [what, wrongPath, body, expected] of [
      ['job', path({ key: 'nobodys' }), result, 404],
      ['compute node', path({ by: 'nobodys' }), result, 404],
      ['status', path({ status: 'ready' }), result, 400],
      ['status without a meaning', path({ status: 'failed' }), result, 400],
      ['revision', path({ revision: 'stale' }), result, 409],
      ['run id of the path', path({ runId: '2' }), result, 400],
      ['run id of the body', path({}), { ...result, run_id: 2 }, 400],
      ['run id that is no number', path({ runId: 'x' }), result, 400],
      ['job of the result', path({}), { ...result, job_key: 'x' }, 400],
      ['result without a code', path({}), { ...result, return_code: undefined }, 400],
      ['code that is no integer', path({}), { ...result, return_code: 1.5 }, 400],
      ['unknown field', path({}), { ...result, color: 'red' }, 400],
      ['node of another collection', path({ by: encodeURIComponent(workflow.id('jobs', node)) }), result, 400],
    ] as const) {
      expectAnswer(await workflow.post(wrongPath, body), refused(expected), what);
    }
    expectAnswer(await workflow.get(`/jobs/${keyOf(a)}`), ok(a));
    expectAnswer(await workflow.get('/results'), list([]));
    expectAnswer(await workflow.get('/events'), list([]));
    // POST never comes twice by itself, but a repeat of the identical request is the same completion (D12).
    const first = await workflow.post(path({}), result);
    expectAnswer(first, ok({ ...a, status: 'done', _rev: aRevision, internal: (first.json as typeof a)['internal'] }));
    expectAnswer(await workflow.post(path({}), result), first);
    expectAnswer(await workflow.post(path({}), { ...result, return_code: 1 }), refused(409));
    expect(await workflow.documents('results')).toHaveLength(1);
    expect(await workflow.edges('returned')).toHaveLength(1);
    expect(await workflow.documents('events')).toHaveLength(1);
  });
};
