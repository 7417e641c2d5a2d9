import type { ExpectAnswer } from '../../exact-answers.js';
import {
  carriedOut,
  type Document,
  documentIn,
  idOf,
  jobsIn,
  keyOf,
  list,
  ok,
  refused,
  revisionOf,
} from '../answers.js';
import type { TorcClient } from '../torc-client.js';
import { initialized, job, newWorkflow } from '../workflow.js';

/** Contract 5.1, 5.6, 5.7, 5.11, 5.12. */
export const operations = (torc: () => TorcClient, expectAnswer: ExpectAnswer): void => {
  it('missing user data is what a consumer needs and nobody will write', async () => {
    const workflow = await initialized(torc(), {
      user_data: [
        ...[{ name: 'empty', data: {} }, { name: 'absent' }, { name: 'full', data: { x: 1 } }],
        ...[
          { name: 'to come', data: {} },
          { name: 'lost', data: {} },
          { name: 'unused', data: {} },
        ],
      ],
      jobs: [
        job('reader', { input_user_data: ['empty', 'absent', 'full', 'to come', 'lost'] }),
        job('another', { input_user_data: ['empty', 'lost'] }),
        job('writer', { output_user_data: ['to come'] }),
        job('loser', { output_user_data: ['lost'] }),
      ],
    });
    const [empty, lost, toCome] = [
      keyOf(await workflow.named('user_data', 'empty')),
      keyOf(await workflow.named('user_data', 'lost')),
      keyOf(await workflow.named('user_data', 'to come')),
    ];
    expectAnswer(await workflow.get('/missing_user_data'), ok({ user_data: [empty] }));
    await workflow.completed('loser');
    const missing = documentIn(await workflow.get('/missing_user_data'))['user_data'] as readonly string[];
    expectAnswer({ missing: missing.toSorted() }, { missing: [empty, lost].toSorted() });
    await workflow.completed('writer');
    const more = documentIn(await workflow.get('/missing_user_data'))['user_data'] as readonly string[];
    expectAnswer({ more: more.toSorted() }, { more: [empty, lost, toCome].toSorted() });
    await workflow.added('edges/stores', {
      ...{ _from: idOf(await workflow.job('writer')), _to: idOf(await workflow.named('user_data', 'lost')) },
    });
    expectAnswer(await workflow.get('/missing_user_data'), refused(400), 'two writers');
  });

  it('required files are those that nobody makes', async () => {
    const workflow = await newWorkflow(torc(), {
      files: ['raw', 'both', 'made', 'unused'].map((name) => ({ name, path: name })),
      jobs: [
        job('a', { input_files: ['raw', 'both'], output_files: ['made'] }),
        job('b', { input_files: ['raw', 'made', 'both'] }),
      ],
    });
    const ids = [idOf(await workflow.named('files', 'raw')), idOf(await workflow.named('files', 'both'))];
    const required = documentIn(await workflow.get('/required_existing_files'))['files'] as readonly string[];
    expectAnswer({ required: required.toSorted() }, { required: ids.toSorted() });
    const made = idOf(await workflow.named('files', 'made'));
    await workflow.added('edges/produces', { _from: idOf(await workflow.job('b')), _to: made });
    expectAnswer(await workflow.get('/required_existing_files'), refused(400), 'two makers');
  });

  it('cycles are refused, and a job that needs its own output is not its own blocker', async () => {
    const own = await initialized(torc(), {
      files: [{ name: 'f', path: 'f' }],
      jobs: [job('a', { input_files: ['f'], output_files: ['f'] })],
    });
    expectAnswer(await own.get('/edges/blocks'), list([]));
    expectAnswer(await own.statuses(), { a: 'ready' });
    const workflow = await newWorkflow(torc(), {
      files: ['f', 'g'].map((name) => ({ name, path: name })),
      user_data: [{ name: 'u', is_ephemeral: true, data: { x: 1 } }],
      jobs: [job('first one', { input_files: ['f'], output_files: ['g'] }), job('second one', { input_files: ['g'] })],
    });
    const [f, second] = [await workflow.named('files', 'f'), await workflow.job('second one')];
    await workflow.added('edges/produces', { _from: idOf(second), _to: idOf(f) });
    const before = await workflow.documents('jobs');
    const answer = await workflow.post('/initialize_jobs');
    expectAnswer(answer, refused(400));
    for (const each of before) {
      expect(documentIn(answer)['errorMessage']).toMatch(new RegExp(`${String(each['name'])}|\\b${keyOf(each)}\\b`));
    }
    expect(await workflow.documents('jobs')).toEqual(before);
    expect(await workflow.edges('blocks')).toEqual([]);
    expect(await workflow.named('user_data', 'u')).toMatchObject({ data: { x: 1 } });
    const specification = { jobs: [job('x', { blocked_by: ['y'] }), job('y', { blocked_by: ['x'] })] };
    expectAnswer(await torc().post('/workflow_specifications', specification), refused(400));
  });

  it('initialization clears ephemeral user data unless told not to', async () => {
    const workflow = await newWorkflow(torc(), {
      user_data: [
        ...[
          { name: 'full', is_ephemeral: true, data: { x: 1 } },
          { name: 'empty', is_ephemeral: true, data: {} },
        ],
        ...[
          { name: 'absent', is_ephemeral: true },
          { name: 'kept', data: { x: 1 } },
        ],
      ],
    });
    const before = await workflow.documents('user_data');
    await workflow.initialize('?clear_ephemeral_user_data=false');
    expect(await workflow.documents('user_data')).toEqual(before);
    await workflow.initialize();
    const [full, ...others] = await workflow.documents('user_data');
    expectAnswer(full ?? {}, { ...before[0], data: {}, _rev: full?.['_rev'] });
    expect(revisionOf(full ?? {})).not.toBe(revisionOf(before[0] ?? {}));
    expect(others).toEqual(before.slice(1));
    await workflow.initialize();
    expect(await workflow.documents('user_data')).toEqual([full, ...others]);
  });

  it('deleting a job in the middle of a chain frees its dependents at the next initialization', async () => {
    const workflow = await initialized(torc(), {
      jobs: [job('a'), job('b', { blocked_by: ['a'] }), job('c', { blocked_by: ['b'] })],
    });
    const b = await workflow.job('b');
    expectAnswer(await workflow.delete(`/jobs/${keyOf(b)}`), ok(b));
    expectAnswer(await workflow.statuses(), { a: 'ready', c: 'blocked' });
    await workflow.initialize();
    expectAnswer(await workflow.statuses(), { a: 'ready', c: 'ready' });
  });

  it('the hash of a job tells which of its inputs changed', async () => {
    const workflow = await initialized(torc(), {
      files: ['in', 'out'].map((name) => ({ name, path: name })),
      user_data: ['read', 'written'].map((name) => ({ name, data: { x: 1 } })),
      resource_requirements: [{ name: 'g' }],
      jobs: [
        job('a', {
          ...{ input_files: ['in'], output_files: ['out'], resource_requirements: 'g' },
          ...{ input_user_data: ['read'], output_user_data: ['written'] },
        }),
      ],
    });
    await workflow.completed('a');
    const key = keyOf(await workflow.job('a'));
    for (const [collection, name, fields, isInput] of [
      ['jobs', 'a', { name: 'a', supports_termination: true }, false],
      ['jobs', 'a', { command: 'other' }, true],
      ['jobs', 'a', { command: 'a' }, false],
      ['jobs', 'a', { invocation_script: null }, false],
      ['jobs', 'a', { invocation_script: 'bash' }, true],
      ['jobs', 'a', { invocation_script: null }, false],
      ['files', 'out', {}, false],
      ['resource_requirements', 'g', { num_cpus: 2 }, false],
      ['files', 'in', {}, true],
    ] as const) {
      await workflow.change(collection, name, fields);
      expectAnswer(
        await workflow.post('/process_changed_job_inputs?dry_run=true'),
        ok({ reinitialized_jobs: isInput ? [key] : [] }),
        `${collection} ${name} ${JSON.stringify(fields)}`,
      );
    }
    for (const name of ['read', 'written']) {
      expectAnswer(await workflow.post('/process_changed_job_inputs'), ok({ reinitialized_jobs: [key] }));
      await workflow.initialize();
      await workflow.completed('a');
      expectAnswer(await workflow.post('/process_changed_job_inputs'), ok({ reinitialized_jobs: [] }));
      await workflow.change('user_data', name, { data: { x: 2 } });
    }
    expectAnswer(await workflow.post('/process_changed_job_inputs'), ok({ reinitialized_jobs: [key] }));
    // Adding an input is a change, too; only done jobs are looked at.
    await workflow.initialize();
    await workflow.completed('a', 1, { status: 'terminated' });
    await workflow.change('files', 'in', {});
    expectAnswer(await workflow.post('/process_changed_job_inputs'), ok({ reinitialized_jobs: [] }));
  });

  it('changed jobs and their dependents are named once, in creation order', async () => {
    const workflow = await initialized(torc(), {
      files: ['f', 'g'].map((name) => ({ name, path: name })),
      jobs: [
        job('last', { blocked_by: ['left', 'right'] }),
        job('left', { blocked_by: ['top'], input_files: ['f'] }),
        job('right', { blocked_by: ['top'] }),
        job('top', { input_files: ['f'] }),
        job('off', { blocked_by: ['left'] }),
        job('below', { blocked_by: ['off'] }),
        job('waiting', { blocked_by: ['top'] }),
      ],
    });
    for (const name of ['top', 'left', 'right', 'last']) await workflow.completed(name);
    await workflow.setStatus('off', 'disabled');
    await workflow.setStatus('below', 'done');
    await workflow.setStatus('waiting', 'uninitialized');
    await workflow.change('files', 'f', { st_mtime: 1.5 });
    const byName = new Map((await workflow.documents('jobs')).map((each) => [each['name'], keyOf(each)]));
    const keys = ['last', 'left', 'right', 'top', 'below'].map((name) => byName.get(name));
    expectAnswer(await workflow.post('/process_changed_job_inputs?dry_run=true'), ok({ reinitialized_jobs: keys }));
    expectAnswer(await workflow.post('/process_changed_job_inputs'), ok({ reinitialized_jobs: keys }));
    expectAnswer(await workflow.statuses(), {
      ...{ last: 'uninitialized', left: 'uninitialized', right: 'uninitialized', top: 'uninitialized' },
      ...{ off: 'disabled', below: 'uninitialized', waiting: 'uninitialized' },
    });
  });

  it('one of many pollers is told to run the completion script', async () => {
    const workflow = await initialized(torc(), {
      jobs: [job('a')],
      config: { workflow_completion_script: 'bash out.sh' },
    });
    const told = async (): Promise<number> => {
      const answers = await Promise.all(Array.from({ length: 12 }, () => workflow.get('/is_complete')));
      return answers.filter((answer) => documentIn(answer)['needs_to_run_completion_script'] === true).length;
    };
    expect(await told()).toBe(0);
    await workflow.completed('a');
    const before = documentIn(await workflow.get('/status'));
    expect(before).toMatchObject({ has_detected_need_to_run_completion_script: false });
    expect(await told()).toBe(1);
    expect(await told()).toBe(0);
    const status = documentIn(await workflow.get('/status'));
    expectAnswer(status, { ...before, has_detected_need_to_run_completion_script: true, _rev: status['_rev'] });
    expect(revisionOf(status)).not.toBe(revisionOf(before));
    await workflow.act('/reset_status');
    expect(await told()).toBe(1);
    await workflow.act('/reset_status');
    await workflow.put('/cancel');
    expect(await told()).toBe(0);
  });

  it('auto-tune runs one job of each group, and learns its needs from it', async () => {
    const group = (name: string): Document => ({ name, num_cpus: 4, memory: '1g', runtime: 'P0DT30M' });
    const workflow = await initialized(torc(), {
      resource_requirements: [group('small'), group('big')],
      config: { compute_node_resource_stats: { process: true } },
      jobs: [
        ...['s1', 's2'].map((name) => job(name, { resource_requirements: 'small' })),
        ...['b1', 'b2', 'b3'].map((name) => job(name, { resource_requirements: 'big' })),
        ...['d1', 'd2'].map((name) => job(name)),
        job('late', { resource_requirements: 'big', blocked_by: ['s1'] }),
      ],
    });
    await workflow.startRun(1);
    expectAnswer(await workflow.post('/auto_tune_resource_requirements'), carriedOut);
    expectAnswer(await workflow.statuses(), {
      ...{ s1: 'ready', s2: 'disabled', b1: 'ready', b2: 'disabled', b3: 'disabled', d1: 'ready', d2: 'disabled' },
      late: 'blocked',
    });
    const keys = [await workflow.job('s1'), await workflow.job('b1'), await workflow.job('d1')].map(keyOf);
    const status = documentIn(await workflow.get('/status'));
    expectAnswer({ tuned: status['auto_tune_status'] }, { tuned: { enabled: true, job_keys: keys } });
    expectAnswer(await workflow.post('/auto_tune_resource_requirements'), refused(400), 'again');
    const process = '/process_auto_tune_resource_requirements_results';
    expectAnswer(await workflow.post(process), refused(400), 'no statistics yet');
    const stats = (key: string, runId: number, cpu: number, rss: number): Promise<Document> =>
      workflow.added('job_process_stats', {
        ...{ job_key: key, run_id: runId, avg_cpu_percent: 1, max_cpu_percent: cpu, avg_rss: 1, max_rss: rss },
        ...{ num_samples: 3, timestamp: 't' },
      });
    const [s1 = '', b1 = '', d1 = ''] = keys;
    await stats(s1, 1, 50, 10);
    await stats(b1, 0, 5000, 9e9);
    await stats(b1, 1, 250.5, 3 * 1024 ** 3 + 1);
    await stats(d1, 1, 900, 9e9);
    expectAnswer(await workflow.post(process), refused(400), 'no results yet');
    for (const [name, minutes] of [
      ['s1', 0.2],
      ['b1', 12.4],
      ['d1', 1],
    ] as const) {
      const document = await workflow.job(name);
      const result = { ...(await workflow.result(document, 0)), exec_time_minutes: minutes };
      const path = `/jobs/${keyOf(document)}/complete_job/done/${revisionOf(document)}/1/${await workflow.nodeKey()}`;
      expect((await workflow.post(path, result)).status).toBe(200);
    }
    await workflow.setStatus('b3', 'ready');
    const groups = await workflow.documents('resource_requirements');
    expectAnswer(await workflow.post(process), refused(400), 'another job is not disabled');
    expect(await workflow.documents('resource_requirements')).toEqual(groups);
    await workflow.setStatus('b3', 'disabled');
    await workflow.setStatus('late', 'disabled');
    const events = (await workflow.documents('events')).length;
    expectAnswer(await workflow.post(process), carriedOut);
    const [small, big] = await workflow.documents('resource_requirements');
    expectAnswer(small ?? {}, { ...groups[0], num_cpus: 1, memory: '1g', runtime: 'P0DT0H1M', _rev: small?.['_rev'] });
    expectAnswer(big ?? {}, { ...groups[1], num_cpus: 3, memory: '4g', runtime: 'P0DT0H13M', _rev: big?.['_rev'] });
    expect(revisionOf(big ?? {})).not.toBe(revisionOf(groups[1] ?? {}));
    expectAnswer(await workflow.statuses(), {
      ...{ s1: 'done', b1: 'done', d1: 'done', s2: 'uninitialized', b2: 'uninitialized', b3: 'uninitialized' },
      ...{ d2: 'uninitialized', late: 'uninitialized' },
    });
    const updates = (await workflow.documents('events')).slice(events);
    expect(updates.map(({ category, type, name }) => [category, type, name])).toEqual([
      ['resource_requirements', 'update', 'small'],
      ['resource_requirements', 'update', 'big'],
    ]);
    expect(updates[1]).toMatchObject({
      old: { ...group('big'), _key: keyOf(big ?? {}) },
      new: { name: 'big', num_cpus: 3, memory: '4g', runtime: 'P0DT0H13M', _key: keyOf(big ?? {}) },
    });
    const after = documentIn(await workflow.get('/status'));
    expectAnswer({ tuned: after['auto_tune_status'] }, { tuned: { enabled: false, job_keys: keys } });
    const other = await initialized(torc(), { jobs: [job('a')] });
    expectAnswer(await other.post('/auto_tune_resource_requirements'), refused(400), 'processes are not measured');
  });

  it('process statistics of a job are a bare array, sorted by run', async () => {
    const workflow = await newWorkflow(torc(), { jobs: [job('a'), job('b')] });
    const [a, b] = [await workflow.job('a'), await workflow.job('b')];
    const stored: Document[] = [];
    for (const [of, runId] of [
      [a, 3],
      [b, 1],
      [a, 1],
      [a, 2],
    ] as const) {
      stored.push(
        await workflow.added('job_process_stats', {
          ...{ job_key: keyOf(of), run_id: runId, avg_cpu_percent: 1, max_cpu_percent: 2, avg_rss: 3, max_rss: 4 },
          ...{ num_samples: 5, timestamp: 't' },
        }),
      );
    }
    expectAnswer(await workflow.get(`/jobs/${keyOf(a)}/process_stats`), ok([stored[2], stored[3], stored[0]]));
    expectAnswer(await workflow.get(`/jobs/${keyOf(b)}/process_stats`), ok([stored[1]]));
    expectAnswer(await workflow.get('/jobs/nobodys/process_stats'), refused(404));
  });

  it('many workers share many jobs without taking one twice', async () => {
    const names = Array.from({ length: 100 }, (_, index) => String(index));
    const workflow = await initialized(torc(), { jobs: names.map((name) => job(name)) });
    const node = await workflow.nodeKey();
    const run = await workflow.runId();
    const taken: string[] = [];
    const work = async (): Promise<void> => {
      for (;;) {
        const claimed = jobsIn(await workflow.claim({ num_cpus: 3, memory_gb: 4 }));
        if (claimed.length === 0) return;
        for (const each of claimed) {
          taken.push(keyOf(each));
          const started = documentIn(await workflow.start(each, run));
          expect(started).toMatchObject({ status: 'submitted' });
          const path = `/jobs/${keyOf(each)}/complete_job/done/${revisionOf(started)}/${run}/${node}`;
          expect((await workflow.post(path, await workflow.result(each, 0, { runId: run }))).status).toBe(200);
        }
      }
    };
    await Promise.all(Array.from({ length: 16 }, work));
    expect(taken).toHaveLength(100);
    expect(new Set(taken).size).toBe(100);
    expectAnswer(await workflow.get('/jobs/find_by_status/done?limit=0'), list([], { total: 100 }));
    expectAnswer(await workflow.get('/events?limit=0'), list([], { total: 200 }));
  });
};
