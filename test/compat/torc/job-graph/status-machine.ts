import type { ExpectAnswer } from '../../exact-answers.js';
import { aRevision, type Document, documentIn, jobsIn, keyOf, ok, refused, revisionOf } from '../answers.js';
import type { TorcClient } from '../torc-client.js';
import { initialized, job, newWorkflow, type Workflow } from '../workflow.js';

const STATUSES = [
  ...['uninitialized', 'blocked', 'ready', 'scheduled', 'submitted_pending', 'submitted'],
  ...['done', 'terminated', 'canceled', 'disabled'],
] as const;

const FINAL = ['done', 'canceled', 'terminated'];

const eachStatus = (fields: Document): readonly Document[] => STATUSES.map((status) => job(status, fields));

/** The table of contract 4, row by row. */
export const statusMachine = (torc: () => TorcClient, expectAnswer: ExpectAnswer): void => {
  /** A workflow with one job in each status, named after it, beside others. */
  const inEachStatus = async (fields: Document = {}, ...others: readonly Document[]): Promise<Workflow> => {
    const workflow = await newWorkflow(torc(), { jobs: [...others, ...eachStatus(fields)] });
    for (const status of STATUSES) await workflow.setStatus(status, status);
    return workflow;
  };

  it('jobs are made in any status', async () => {
    const workflow = await newWorkflow(torc(), { jobs: [job('specified')] });
    expect(await workflow.job('specified')).toMatchObject({ status: 'uninitialized' });
    for (const status of STATUSES) {
      expectAnswer(
        await workflow.post('/jobs', { ...job(status), status }),
        ok(workflow.storedJob(status, { status })),
      );
    }
    const bulk = await workflow.post('/bulk_jobs', {
      jobs: STATUSES.map((status) => ({ ...job(`bulk ${status}`), status })),
    });
    expectAnswer(bulk, ok({ items: STATUSES.map((status) => workflow.storedJob(`bulk ${status}`, { status })) }));
    expectAnswer(await workflow.post('/jobs', { ...job('x'), status: 'failed' }), refused(400));
    expectAnswer(await workflow.post('/bulk_jobs', { jobs: [{ ...job('x'), status: '' }] }), refused(400));
    const specification = { jobs: [{ ...job('x'), status: 'ready' }] };
    expectAnswer(
      await torc().post('/workflow_specifications', specification),
      refused(400),
      'no status in specifications',
    );
  });

  it('initialization sets every job without unfinished blockers', async () => {
    const workflow = await inEachStatus();
    await workflow.initialize();
    expectAnswer(await workflow.statuses(), {
      ...{ uninitialized: 'ready', blocked: 'ready', ready: 'ready', scheduled: 'ready' },
      ...{ submitted_pending: 'ready', submitted: 'ready', done: 'done', terminated: 'ready' },
      ...{ canceled: 'canceled', disabled: 'disabled' },
    });
  });

  it('initialization sets uninitialized jobs only, if told so', async () => {
    const workflow = await inEachStatus();
    await workflow.initialize('?only_uninitialized=true');
    expectAnswer(
      await workflow.statuses(),
      Object.fromEntries(STATUSES.map((status) => [status, status === 'uninitialized' ? 'ready' : status])),
    );
  });

  it.each(['ready', 'submitted', 'terminated', 'disabled', 'uninitialized', 'done', 'canceled'])(
    'initialization sets every job whose blocker is %s',
    async (status) => {
      const workflow = await inEachStatus({ blocked_by: ['blocker'] }, job('blocker'));
      await workflow.setStatus('blocker', status);
      await workflow.initialize();
      const blocker = ['done', 'canceled', 'disabled'].includes(status) ? status : 'ready';
      // Only `done` unblocks at initialization; what was canceled stays so below what stays canceled (D31).
      const of = (each: string): string => {
        if (each === 'disabled') return each;
        if (status === 'done') return ['done', 'canceled'].includes(each) ? each : 'ready';
        return status === 'canceled' && each === 'canceled' ? each : 'blocked';
      };
      expectAnswer(
        await workflow.statuses(),
        { blocker, ...Object.fromEntries(STATUSES.map((each) => [each, of(each)])) },
        status,
      );
    },
  );

  it('claims take ready and scheduled jobs, whatever the route', async () => {
    const workflow = await inEachStatus();
    // Hand-made jobs have no needs before the first initialization.
    const taken = jobsIn(await workflow.claim());
    expect(taken.map(({ name, status }) => [name, status])).toEqual([
      ['ready', 'submitted_pending'],
      ['scheduled', 'submitted_pending'],
    ]);
    const next = await inEachStatus();
    const before = await next.job('ready');
    const first = await next.post('/prepare_next_jobs_for_submission');
    expectAnswer(first, ok({ jobs: [{ ...before, status: 'submitted_pending', _rev: aRevision }] }), 'one by default');
    expect(revisionOf(jobsIn(first)[0] ?? {})).not.toBe(revisionOf(before));
    expect(jobsIn(await next.post('/prepare_next_jobs_for_submission?limit=5')).map(({ name }) => name)).toEqual([
      'scheduled',
    ]);
    expectAnswer(await next.post('/prepare_next_jobs_for_submission?limit=5'), ok({ jobs: [] }));
    const others = Object.fromEntries(STATUSES.map((status) => [status, status]));
    const claimed = { ...others, ready: 'submitted_pending', scheduled: 'submitted_pending' };
    expectAnswer(await workflow.statuses(), claimed);
    expectAnswer(await next.statuses(), claimed);
  });

  it('ready jobs that ask for nodes are scheduled', async () => {
    const scheduling = { scheduler_id: 'slurm_schedulers__1/2', num_jobs: 3, max_parallel_jobs: 4 };
    const workflow = await inEachStatus(
      { schedule_compute_nodes: scheduling },
      job('plain'),
      job('null', { schedule_compute_nodes: null }),
    );
    await workflow.setStatus('plain', 'ready');
    await workflow.setStatus('null', 'ready');
    const schedulers = [{ ...scheduling, start_one_worker_per_node: false }];
    expectAnswer(await workflow.post('/prepare_jobs_for_scheduling'), ok({ schedulers }));
    expectAnswer(await workflow.statuses(), {
      ...Object.fromEntries(STATUSES.map((status) => [status, status])),
      ...{ plain: 'ready', null: 'ready', ready: 'scheduled' },
    });
  });

  it('only claimed jobs are started', async () => {
    const workflow = await inEachStatus();
    for (const status of STATUSES) {
      const document = await workflow.job(status);
      const answer = await workflow.start(document);
      if (status === 'submitted_pending') {
        expectAnswer(answer, ok({ ...document, status: 'submitted', _rev: aRevision }), status);
        expectAnswer(await workflow.start(document), answer, 'the identical request again');
      } else expectAnswer(answer, refused(400), status);
    }
    expect(await workflow.edges('executed')).toHaveLength(1);
    expect(await workflow.documents('events')).toHaveLength(1);
    await workflow.startRun(4);
    await workflow.setStatus('ready', 'submitted_pending');
    const claimed = await workflow.job('ready');
    expectAnswer(await workflow.start(claimed, 3), refused(400), 'run id');
    expectAnswer(await workflow.start({ ...claimed, _rev: 'stale' }), refused(409), 'revision');
    expectAnswer(await workflow.start({ ...claimed, _key: 'nobodys' }), refused(404), 'job');
    expectAnswer(
      await workflow.put(`/jobs/${keyOf(claimed)}/start_job/${revisionOf(claimed)}/4/nobodys`),
      refused(404),
      'compute node',
    );
    const started = await workflow.start(claimed);
    expect(started).toMatchObject({ status: 200, json: { status: 'submitted' } });
    // After somebody else changed the job, the request is no repeat any more.
    await workflow.setStatus('ready', 'submitted_pending');
    expectAnswer(await workflow.start(claimed), refused(409), 'not a repeat');
  });

  it.each(FINAL)('jobs in any status are completed as %s', async (final) => {
    const workflow = await inEachStatus();
    for (const status of STATUSES) {
      const before = await workflow.job(status);
      const answer = await workflow.complete(status, 1, { status: final });
      const internal = { ...(before['internal'] as object), hash: expect.any(Number) as unknown };
      expectAnswer(answer, ok({ ...before, status: final, _rev: aRevision, internal }), `${status} → ${final}`);
    }
    expect(await workflow.documents('results')).toHaveLength(STATUSES.length);
    expect(await workflow.edges('returned')).toHaveLength(STATUSES.length);
    // Each has had its result of this attempt now.
    for (const status of STATUSES) {
      expectAnswer(await workflow.complete(status, 0, { status: final }), refused(400), `${status} once more`);
    }
    expect(await workflow.documents('results')).toHaveLength(STATUSES.length);
  });

  it.each([
    ...[
      { final: 'done', code: 0 },
      { final: 'done', code: 2 },
      { final: 'terminated', code: -15 },
    ],
    ...[
      { final: 'canceled', code: -9 },
      { final: 'terminated', code: 0 },
      { final: 'canceled', code: 0 },
    ],
  ])(
    'a blocker completed as $final with code $code frees or cancels its blocked dependents',
    async ({ final, code }) => {
      const workflow = await inEachStatus(
        { blocked_by: ['blocker'] },
        ...[job('blocker'), job('tolerant', { blocked_by: ['blocker'], cancel_on_blocking_job_failure: false })],
      );
      await workflow.setStatus('blocker', 'submitted');
      await workflow.setStatus('tolerant', 'blocked');
      await workflow.completed('blocker', code, { status: final });
      expectAnswer(await workflow.statuses(), {
        ...Object.fromEntries(STATUSES.map((status) => [status, status])),
        ...{ blocker: final, tolerant: 'ready', blocked: code === 0 ? 'ready' : 'canceled' },
      });
    },
  );

  it.each(STATUSES)('jobs in %s are given other statuses by hand', async (from) => {
    const runId = 5;
    const workflow = await initialized(torc(), {
      jobs: [
        job('a'),
        job('done', { blocked_by: ['a'] }),
        job('off', { blocked_by: ['done'] }),
        job('last', { blocked_by: ['off'] }),
      ],
    });
    await workflow.startRun(runId);
    await workflow.setStatus('done', 'done');
    await workflow.setStatus('off', 'disabled');
    const others = { done: 'done', off: 'disabled', last: 'blocked' };
    // What resets others comes last.
    for (const to of STATUSES.toSorted(
      (one, other) => Number(one === 'uninitialized') - Number(other === 'uninitialized'),
    )) {
      const a = await workflow.setStatus('a', from);
      const answer = await workflow.put(`/jobs/${keyOf(a)}/manage_status_change/${to}/${revisionOf(a)}/${runId}`);
      const of = `${from} → ${to}`;
      if (FINAL.includes(to)) {
        // Whether the same final status is refused or found to be there already, nothing changes.
        if (from !== to) expectAnswer(answer, refused(400), of);
        expectAnswer(await workflow.statuses(), { a: from, ...others }, of);
      } else {
        expectAnswer(answer, ok({ ...a, status: to, _rev: from === to ? a['_rev'] : aRevision }), of);
        const isReset = FINAL.includes(from) && to === 'uninitialized';
        const reset = { done: 'uninitialized', off: 'disabled', last: 'uninitialized' };
        expectAnswer(await workflow.statuses(), { a: to, ...(isReset ? reset : others) }, of);
        if (from !== to) expect(revisionOf(documentIn(answer))).not.toBe(revisionOf(a));
      }
    }
  });

  it('cancel stops running and claimed jobs only', async () => {
    const workflow = await inEachStatus();
    await workflow.put('/cancel');
    expectAnswer(await workflow.statuses(), {
      ...Object.fromEntries(STATUSES.map((status) => [status, status])),
      ...{ submitted: 'canceled', submitted_pending: 'canceled' },
    });
  });

  it('a reset of all jobs leaves none out', async () => {
    const workflow = await inEachStatus();
    await workflow.act('/reset_job_status');
    expectAnswer(await workflow.statuses(), Object.fromEntries(STATUSES.map((status) => [status, 'uninitialized'])));
  });

  it('a reset of failed jobs takes those that failed or were never run in this run, and what depends on them', async () => {
    const workflow = await initialized(torc(), {
      jobs: [
        ...['good', 'bad', 'killed', 'never', 'earlier'].map((name) => job(name)),
        ...['good', 'bad', 'killed', 'never', 'earlier'].map((name) => job(`after ${name}`, { blocked_by: [name] })),
        job('off', { blocked_by: ['after bad'] }),
        job('below off', { blocked_by: ['off'] }),
      ],
    });
    await workflow.startRun(1);
    await workflow.completed('earlier', 1);
    await workflow.startRun(2);
    await workflow.completed('good', 0);
    await workflow.completed('bad', 1);
    await workflow.completed('killed', -9, { status: 'canceled' });
    await workflow.setStatus('never', 'canceled');
    for (const name of ['good', 'bad', 'killed', 'never', 'earlier']) await workflow.setStatus(`after ${name}`, 'done');
    await workflow.setStatus('off', 'disabled');
    await workflow.setStatus('below off', 'ready');
    await workflow.act('/reset_job_status?failed_only=true');
    const uninitialized = ['bad', 'killed', 'never', 'after bad', 'after killed', 'after never', 'below off'];
    expectAnswer(await workflow.statuses(), {
      ...{ good: 'done', earlier: 'done', 'after good': 'done', 'after earlier': 'done', off: 'disabled' },
      ...Object.fromEntries(uninitialized.map((name) => [name, 'uninitialized'])),
    });
  });

  it('a failure is passed on through canceled jobs, also to other blockers of them', async () => {
    // a and b block x; b and c block y; c also blocks z. d is scheduled, e is running.
    const workflow = await initialized(torc(), {
      jobs: [
        ...['a', 'b', 'c', 'd', 'e'].map((name) => job(name)),
        job('x', { blocked_by: ['a', 'b', 'd', 'e'] }),
        job('y', { blocked_by: ['x', 'b', 'c'] }),
        job('z', { blocked_by: ['c'] }),
        job('tolerant', { blocked_by: ['y'], cancel_on_blocking_job_failure: false }),
        job('last', { blocked_by: ['tolerant'] }),
      ],
    });
    await workflow.setStatus('d', 'scheduled');
    await workflow.setStatus('e', 'submitted');
    await workflow.completed('a', 1);
    expectAnswer(await workflow.statuses(), {
      ...{ a: 'done', b: 'canceled', c: 'ready', d: 'scheduled', e: 'submitted' },
      ...{ x: 'canceled', y: 'canceled', z: 'blocked', tolerant: 'ready', last: 'blocked' },
    });
  });
};
