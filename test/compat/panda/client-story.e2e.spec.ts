import { eventually } from '#platform/testing/eventually.js';
import { MODES } from '../../harness/cairn-process.js';
import { type Envelope, ok, refused } from './panda-client.js';
import { acquire, fail, finish, jobIs, newTaskName, NULL_COMMAND, submitTask, taskIs } from './story.js';
import { taskParameters } from './task-parameters.js';
import { usePanda } from './use-panda.js';

const SINCE = '2025-05-18 00:00:00';
const registered = (command: string, id: number): Envelope =>
  ok(0, `command=${command} is registered for task ID ${id}. will be executed in a few minutes`);
const anyTime = { __datetime__: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?$/) as unknown };

/** PanDA contract 11.1: submit, poll, retry, kill. */
describe.each(MODES)('panda-client ($mode)', (mode) => {
  const { user, other, production, pilot, anonymous } = usePanda(mode);

  it('finds a server that lives and tells where tokens come from', async () => {
    expect(await anonymous().get('system/is_alive')).toEqual(ok());
    const { status, text } = await anonymous().send('GET', '/auth/wlcg_auth_config.json');
    expect([status, JSON.parse(text)]).toEqual([
      200,
      expect.objectContaining({ client_id: 'panda', client_secret: 's', audience: 'panda', vo: 'wlcg' }),
    ]);
  });

  it('submits, polls and sees a task done', async () => {
    const taskName = newTaskName();
    const id = await submitTask(user(), {}, taskName);
    expect(id).toBeGreaterThanOrEqual(10_000_001);
    // The same name again, while it is active.
    const again = await user().post('task/submit', { task_parameters: taskParameters(taskName), parent_tid: null });
    expect([1, 2]).toContain(again.data);
    expect(again).toMatchObject({ success: false, message: expect.stringMatching(`^jediTaskID=${id} is `) as unknown });
    const jobs = await acquire(pilot(), id, 3);
    expect(new Set(jobs.map(({ PandaID }) => PandaID)).size).toBe(3);
    expect(jobs.map(({ taskID, attemptNr }) => [taskID, attemptNr])).toEqual([
      [id, 1],
      [id, 1],
      [id, 1],
    ]);
    for (const job of jobs) {
      expect(job.outFiles).toMatch(
        new RegExp(`^user\\.demo\\.${id}\\._\\d{6}\\.out\\.txt,${taskName}\\.log\\.${id}\\.\\d{6}\\.log\\.tgz$`),
      );
      const { PandaID: job_id } = job;
      expect(await pilot().post('pilot/update_job', { job_id, job_status: 'running' })).toEqual(ok(NULL_COMMAND));
    }
    expect(await user().get('job/get_status', { job_ids: jobs.map(({ PandaID }) => PandaID) })).toEqual(
      ok(jobs.map(() => ({ status: 'running', command: null }))),
    );
    expect(await user().get('task/get_job_ids', { task_id: id })).toEqual(
      ok(jobs.map(({ PandaID }) => PandaID).sort((one, another) => one - another)),
    );
    for (const job of jobs) expect(await finish(pilot(), job)).toEqual(ok(NULL_COMMAND));
    await taskIs(user(), id, 'done');
    const details = await user().get('task/get_details', {
      ...{ task_id: id, include_parameters: true, include_status: true },
    });
    expect(details).toEqual(
      ok({
        inDS: expect.any(String) as unknown,
        outDS: expect.stringContaining(taskName) as unknown,
        statistics: 'finished*3',
        PandaID: expect.any(Array) as unknown,
        mergeStatus: null,
        mergePandaID: [],
        status: 'done',
        cliParams: `prun --exec "echo hello > out.txt" --outDS ${taskName} --nJobs 3 --output out.txt`,
      }),
    );
    expect(new Set((details.data as { PandaID: number[] }).PandaID)).toEqual(
      new Set(jobs.map(({ PandaID }) => PandaID)),
    );
    // A task that is done is not submitted again without new inputs.
    const { data: modified } = await user().get('task/get_tasks_modified_since', {
      ...{ since: SINCE, dn: 'None', full: true, min_task_id: 'None', prod_source_label: 'user' },
    });
    expect((modified as Record<string, unknown>)[String(id)]).toMatchObject({
      ...{ jediTaskID: id, reqID: id, status: 'done', taskName: `${taskName}/`, cloud: 'WORLD' },
      ...{ modificationTime: anyTime, creationDate: anyTime, statistics: 'finished*3' },
    });
    const { data: infos } = await user().get('task/get_tasks_detailed_info_since', {
      ...{ n_tasks: 500, since: SINCE, filters: `{"jediTaskID":"${id}"}` },
    });
    expect(infos).toEqual([
      expect.objectContaining({
        ...{ jediTaskID: id, status: 'done', superStatus: 'done', userName: 'Demo User' },
        ...{ nFiles: 3, nFilesFinished: 3, nFilesFailed: 0, pctFinished: 100, pctFailed: 0 },
        creationDate: anyTime,
      }),
    ]);
    const { data: descriptions } = await user().get('task/get_job_descriptions', {
      ...{ task_id: id, unsuccessful_only: false },
    });
    expect(descriptions).toEqual(
      jobs.map((): unknown =>
        expect.objectContaining({
          jobStatus: 'finished',
          jediTaskID: id,
          prodUserName: 'Demo User',
          creationTime: anyTime,
        }),
      ),
    );
    expect(await user().get('task/get_job_descriptions', { task_id: id, unsuccessful_only: true })).toEqual(ok([]));
    const [first] = jobs;
    const { data: archived } = await user().post('job/get_description_incl_archive', {
      job_ids: [first?.PandaID, 999_999],
    });
    expect(archived).toEqual([
      expect.objectContaining({
        PandaID: first?.PandaID,
        jobStatus: 'finished',
        Files: expect.arrayContaining([
          expect.objectContaining({ lfn: first?.logFile, type: 'log', status: 'finished' }),
        ]) as unknown,
      }),
      null,
    ]);
    const { data: datasets } = await user().get('task/get_datasets_and_files', { task_id: id });
    expect(datasets).toEqual([
      {
        dataset: { name: expect.any(String) as unknown, id: expect.any(Number) as unknown },
        files: [1, 2, 3].map(() => expect.objectContaining({ status: 'finished' }) as unknown),
      },
    ]);
    expect(await user().get('task/get_task_parameters', { task_id: id })).toEqual(
      ok(expect.objectContaining({ taskName: `${taskName}/`, nEvents: 3, noInput: true })),
    );
  });

  it('retries what has failed, and only that', async () => {
    const id = await submitTask(user(), { nEvents: 3, maxAttempt: 2 });
    const [bad, ...good] = await acquire(pilot(), id, 3);
    if (bad === undefined) throw new Error('no job');
    for (const job of good) expect(await finish(pilot(), job)).toEqual(ok(NULL_COMMAND));
    expect(await fail(pilot(), bad)).toEqual(ok(NULL_COMMAND));
    const [second] = await acquire(pilot(), id, 1);
    if (second === undefined) throw new Error('no second attempt');
    expect(second).toMatchObject({ attemptNr: 2, taskID: id });
    expect(second.PandaID).not.toBe(bad.PandaID);
    expect(second.outFiles).not.toBe(bad.outFiles);
    await jobIs(user(), [bad.PandaID], 'failed');
    expect(await fail(pilot(), second)).toEqual(ok(NULL_COMMAND));
    await taskIs(user(), id, 'finished');
    expect(await user().get('task/get_details', { task_id: id })).toMatchObject({
      data: { statistics: 'finished*2,failed*1' },
    });
    expect(await other().post('task/retry', { task_id: id })).toEqual(
      refused('not the task owner or no production role'),
    );
    expect(await user().post('task/retry', { task_id: id })).toEqual(registered('retry', id));
    const [third] = await acquire(pilot(), id, 1);
    if (third === undefined) throw new Error('no third attempt');
    expect(third.attemptNr).toBe(3);
    expect(await finish(pilot(), third)).toEqual(ok(NULL_COMMAND));
    await taskIs(user(), id, 'done');
    expect(await user().post('task/retry', { task_id: id })).toEqual(
      refused('Command rejected: the retry command is not accepted if the task is in done status ', 4),
    );
  });

  it('sees a task failed when all fails', async () => {
    const id = await submitTask(user(), { nEvents: 2, maxAttempt: 1 });
    for (const job of await acquire(pilot(), id, 2)) expect(await fail(pilot(), job)).toEqual(ok(NULL_COMMAND));
    await taskIs(user(), id, 'failed');
    expect(await user().get('task/get_details', { task_id: id })).toMatchObject({ data: { statistics: 'failed*2' } });
    const changed = await user().post('task/retry', { task_id: id, new_parameters: { nFilesPerJob: 1 } });
    expect(changed).toEqual(ok(3, expect.stringContaining(`jediTaskID=${id} (currently in failed state)`) as string));
    for (const job of await acquire(pilot(), id, 2)) expect(await finish(pilot(), job)).toEqual(ok(NULL_COMMAND));
    await taskIs(user(), id, 'done');
  });

  it('kills a task and its jobs', async () => {
    const id = await submitTask(user());
    const [job] = await acquire(pilot(), id, 1);
    if (job === undefined) throw new Error('no job');
    const { PandaID: job_id } = job;
    expect(await pilot().post('pilot/update_job', { job_id, job_status: 'running' })).toEqual(ok(NULL_COMMAND));
    expect(await user().post('task/kill', { task_id: id })).toEqual(registered('kill', id));
    await eventually(
      () => pilot().post('pilot/update_job', { job_id, job_status: 'running' }),
      ok({ StatusCode: 0, command: 'tobekilled' }),
    );
    expect(await pilot().post('pilot/update_job', { job_id, job_status: 'running' })).toEqual(
      ok({ StatusCode: 0, command: 'tobekilled' }),
    );
    expect(await fail(pilot(), job)).toEqual(ok({ StatusCode: 0, command: 'tobekilled' }));
    await jobIs(user(), [job_id], 'cancelled');
    await taskIs(user(), id, 'aborted');
    expect(await user().post('task/kill', { task_id: id })).toEqual(
      refused('Command rejected: the kill command is not accepted if the task is in aborted status ', 4),
    );
  });

  it('finishes a task early', async () => {
    const id = await submitTask(user());
    const jobs = await acquire(pilot(), id, 2);
    for (const job of jobs.slice(0, 1)) await finish(pilot(), job);
    await jobIs(user(), [jobs[0]?.PandaID ?? 0], 'finished');
    expect(await user().post('task/finish', { task_id: id, soft: true })).toEqual(registered('finish', id));
    const [, running] = jobs;
    if (running === undefined) throw new Error('no job');
    await eventually(
      async () => (await user().get('task/get_job_descriptions', { task_id: id })).data,
      [
        expect.anything(),
        expect.anything(),
        expect.objectContaining({ jobStatus: expect.stringMatching(/^(?:cancelled|closed)$/) as unknown }),
      ],
    );
    expect(await finish(pilot(), running)).toEqual(ok(NULL_COMMAND));
    await taskIs(user(), id, 'finished');
  });

  it('is told what production alone may do', async () => {
    const id = await submitTask(user());
    for (const path of ['pause', 'resume', 'release', 'avalanche']) {
      expect(await user().post(`task/${path}`, { task_id: id })).toEqual(refused('production or pilot role required'));
    }
    await acquire(pilot(), id, 1);
    expect(await production().post('task/pause', { task_id: id })).toEqual(registered('pause', id));
    await taskIs(user(), id, 'paused');
    const none = await pilot().post('pilot/acquire_jobs', {
      site_name: 'SITE_A',
      task_id: id,
      prod_source_label: 'user',
    });
    expect(none).toEqual(refused('No jobs in PanDA'));
    expect(await production().post('task/resume', { task_id: id })).toEqual(registered('resume', id));
    expect(await acquire(pilot(), id, 2)).toHaveLength(2);
    expect(await user().post('task/kill', { task_id: id })).toEqual(registered('kill', id));
  });

  it('is told of tasks that do not exist', async () => {
    expect(await user().get('task/get_status', { task_id: 99 })).toEqual(refused('Task not found'));
    expect(await user().get('task/get_details', { task_id: 99 })).toEqual(
      refused('Task not found or error retrieving the details'),
    );
    expect(await user().get('task/get_task_parameters', { task_id: 99 })).toEqual(refused('Task not found'));
    expect(await user().get('task/get_job_ids', { task_id: 99 })).toEqual(ok([]));
    expect(await user().post('task/kill', { task_id: 99 })).toEqual(
      refused('not the task owner or no production role'),
    );
    expect(await production().post('task/kill', { task_id: 99 })).toEqual(refused('jediTaskID=99 not found', 2));
    expect(await production().post('task/retry', { task_id: 99 })).toEqual(refused('jediTaskID=99 not found', 2));
    expect(await user().get('job/get_status', { job_ids: [999_999] })).toEqual(
      ok([{ status: 'unknown', command: 'tobekilled' }]),
    );
    expect(await user().post('job/kill', { job_ids: [999_999] })).toEqual(ok([false]));
  });

  it('keeps secrets and sandboxes', async () => {
    expect(await user().get('creds/get_user_secrets')).toEqual(ok('{}'));
    expect(await user().post('creds/set_user_secrets', { key: 'K', value: 'V' })).toEqual(ok(null, 'OK'));
    const { data } = await user().get('creds/get_user_secrets');
    expect(JSON.parse(data as string)).toEqual({ K: 'V' });
    expect(await other().get('creds/get_user_secrets')).toEqual(ok('{}'));
    const content = Buffer.from('not quite a tarball, but 64 bytes of something that is compared ...');
    const checksum = content.readUInt32LE(content.length - 8);
    const size = { file_size: content.length, checksum };
    expect(await user().post('file_server/validate_cache_file', size)).toEqual(refused('NOTFOUND'));
    expect(await user().upload('file_server/upload_cache_file', 'sources.0f0e.tar.gz', content)).toEqual(ok());
    expect(await user().post('file_server/validate_cache_file', size)).toEqual(
      ok(null, expect.stringMatching(/^FOUND:.*:sources\.0f0e\.tar\.gz$/) as string),
    );
    expect(await user().upload('file_server/upload_cache_file', 'sources.0f0e.tar.gz', content)).toEqual(
      refused('ERROR: cannot overwrite file'),
    );
    const { status, text, headers } = await anonymous().send('GET', '/cache/sources.0f0e.tar.gz');
    expect([status, text, headers['content-encoding']]).toEqual([200, content.toString(), undefined]);
    expect((await anonymous().send('GET', '/cache/nothing.tar.gz')).status).toBe(404);
  });
});
