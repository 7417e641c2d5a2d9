import { deflateSync } from 'node:zlib';
import { eventually } from '#platform/testing/eventually.js';
import { MODES } from '../../harness/cairn-process.js';
import { ok, refused } from './panda-client.js';
import { acquire, type PilotJob, NULL_COMMAND, outputReport, submitTask, taskIs } from './story.js';
import { usePanda } from './use-panda.js';

const HARVESTER = { harvester_id: 'harv-1' };

/** PanDA contract 11.3: one cycle of harvester with the communicators of today and of 2019. */
describe.each(MODES)('harvester ($mode)', (mode) => {
  const { user, production, anonymous } = usePanda(mode);
  const harvester = production;

  it('starts', async () => {
    expect(await harvester().get('harvester/get_current_worker_id', HARVESTER)).toEqual(ok(0));
    expect(await harvester().get('metaconfig/get_resource_types')).toEqual(
      ok(
        expect.arrayContaining([
          { resource_name: 'SCORE', mincore: 1, maxcore: 1, minrampercore: null, maxrampercore: 2000 },
        ]),
      ),
    );
    expect(
      await harvester().post('harvester/heartbeat', {
        ...HARVESTER,
        data: { startTime: 'datetime/2025-06-01 12:00:00.000000', sw_version: '0.7', commit_stamp: '2025-05-30' },
      }),
    ).toEqual(ok());
    for (const data of [{}, null, []]) {
      expect(await harvester().post('harvester/heartbeat', { ...HARVESTER, data })).toEqual(ok());
    }
    expect(await harvester().get('metaconfig/get_banned_users')).toEqual(ok({ 'Bad User': false }));
    expect(await harvester().get('metaconfig/get_site_specs', { type: 'unified' })).toMatchObject({
      data: {
        SITE_A: { sitename: 'SITE_A', type: 'unified', status: 'online', cloud: 'WORLD', maxrss: 16000, coreCount: 8 },
      },
    });
    expect(await harvester().get('metaconfig/get_site_specs', { type: 'nothing' })).toEqual(ok({}));
  });

  it('acquires commands and acknowledges them', async () => {
    const acquire = () => harvester().post('harvester/acquire_commands', { ...HARVESTER, n_commands: 50 });
    expect(await acquire()).toEqual(ok([]));
    const sweep = { status_list: ['submitted'], ce_list: 'ALL', submission_host_list: ['host1'] };
    expect(await production().post('harvester/add_sweep_command', { panda_queue: 'SITE_A', ...sweep })).toEqual(ok());
    expect(await production().post('harvester/add_sweep_command', { panda_queue: 'NOWHERE', ...sweep })).toEqual(
      refused('Error retrieving queue configuration from DB'),
    );
    const { data } = await acquire();
    expect(data).toEqual([
      {
        ...{ command_id: expect.any(Number) as unknown, command: 'KILL_WORKERS', ack_requested: 0 },
        params: {
          status: ['submitted'],
          computingSite: ['SITE_A'],
          computingElement: 'ALL',
          submissionHost: ['host1'],
        },
        creation_date: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/) as unknown,
      },
    ]);
    expect(await acquire()).toEqual(ok([]));
    const [command] = data as readonly { readonly command_id: number }[];
    const acknowledge = (command_ids: readonly number[]) =>
      harvester().post('harvester/acknowledge_commands', { command_ids });
    expect(await acknowledge([command?.command_id ?? 0])).toEqual(ok());
    expect(await acknowledge([999_999])).toEqual(ok());
    expect(await production().post('harvester/add_target_slots', { panda_queue: 'SITE_A', slots: 10_000 })).toEqual(
      ok(null, 'set numSlots=10000 for PQ=SITE_A gshare=None resource=None'),
    );
  });

  it('runs jobs by push, and reports them in bulk', async () => {
    const taskID = await submitTask(user(), { nEvents: 3 });
    const ofSite = async (): Promise<unknown> =>
      ((await harvester().get('statistics/active_job_stats_by_site')).data as Record<string, unknown>)['SITE_A'];
    await eventually(ofSite, expect.objectContaining({ assigned: 0, activated: 3, running: 0 }));
    expect(await harvester().get('statistics/active_job_detailed_stats_by_site')).toEqual(
      ok({ SITE_A: { SCORE: { user: { activated: 3 } } } }),
    );
    expect(
      await harvester().get('statistics/job_stats_by_site_share_and_resource_type', { time_window: 60 }),
    ).toMatchObject({
      success: true,
      data: { SITE_A: expect.any(Object) as unknown },
    });
    expect(await harvester().get('statistics/job_stats_by_cloud', { type: 'analysis' })).toEqual(
      ok({ WORLD: { activated: 3 } }),
    );
    expect(await harvester().get('statistics/job_stats_by_cloud', { type: 'other' })).toEqual(
      refused('Parameter "type" needs to be either "production" or "analysis" ', {}),
    );
    const acquired = await harvester().post('pilot/acquire_jobs', {
      ...{ site_name: 'SITE_A', node: 'harv-host', prod_source_label: 'user', computing_element: 'SITE_A', n_jobs: 10 },
      ...{ scheduler_id: 'harvester-harv-1', resourceType: 'SCORE', additional: 'criteria' },
    });
    const { StatusCode, jobs } = acquired.data as { readonly StatusCode: number; readonly jobs: readonly PilotJob[] };
    expect([acquired.success, StatusCode, jobs.length]).toEqual([true, 0, 3]);
    expect(jobs[0]).toMatchObject({ StatusCode: 0, taskID, attemptNr: 1, prodSourceLabel: 'user' });
    const bulk = (job_list: readonly object[]) =>
      harvester().post('pilot/update_jobs_bulk', { ...HARVESTER, job_list });
    const each = (job_status: string, more: (job: PilotJob) => object = () => ({})) =>
      bulk(
        jobs.map((job) => ({
          job_id: job.PandaID,
          site_name: 'SITE_A',
          job_status,
          attempt_nr: 1,
          token: 'x',
          ...more(job),
        })),
      );
    expect(await each('starting')).toEqual(ok(jobs.map(() => ok(NULL_COMMAND))));
    const ids = jobs.map(({ PandaID }) => PandaID);
    const worker = {
      ...{ workerID: 42, batchID: '9.0', status: 'running', computingSite: 'SITE_A', queueName: 'SITE_A', nCore: 1 },
      ...{ submitTime: 'datetime/2025-06-01 12:00:05.000000', jobType: 'user', resourceType: 'SCORE', nJobs: 3 },
      ...{ computingElement: 'ce1', submissionHost: 'h1,sched1', harvesterHost: 'h1', syncLevel: 0, minRamCount: 2000 },
      pandaid_list: ids,
    };
    expect(
      await harvester().post('harvester/update_workers', {
        ...HARVESTER,
        workers: [worker, { ...worker, workerID: 43, pandaid_list: null }],
      }),
    ).toEqual(ok([true, true]));
    expect(await harvester().get('harvester/get_current_worker_id', HARVESTER)).toEqual(ok(43));
    const statistics = JSON.stringify({ user: { SCORE: { running: 1, submitted: 2, to_submit: 1 } } });
    expect(
      await harvester().post('harvester/report_worker_statistics', { ...HARVESTER, panda_queue: 'SITE_A', statistics }),
    ).toEqual(ok(null, 'OK'));
    expect(await harvester().get('harvester/get_worker_statistics')).toEqual(
      ok({ SITE_A: { 'harv-1': { user: { SCORE: { running: 1, submitted: 2, to_submit: 1 } } } } }),
    );
    expect(await each('running', () => ({ core_count: '1', meta_data: null }))).toEqual(
      ok(jobs.map(() => ok(NULL_COMMAND))),
    );
    expect(await harvester().get('job/get_status', { job_ids: [...ids, 999_999] })).toEqual(
      ok([...ids.map(() => ({ status: 'running', command: null })), { status: 'unknown', command: 'tobekilled' }]),
    );
    const done = await each('finished', (job) => ({
      ...{ job_sub_status: null, core_count: 1, job_output_report: JSON.parse(outputReport(job)) as unknown },
      meta_data: { a: 1 },
    }));
    expect(done).toEqual(ok(jobs.map(() => ok(NULL_COMMAND))));
    await taskIs(user(), taskID, 'done');
    expect(
      await bulk([
        { job_id: ids[0], job_status: 'dancing' },
        { job_id: 999_999, job_status: 'running' },
      ]),
    ).toEqual(
      ok([refused('Invalid job status: dancing', { StatusCode: 50 }), ok({ StatusCode: 0, command: 'tobekilled' })]),
    );
    expect(await bulk([{ job_status: 'running' }])).toMatchObject({ success: false, data: [] });
    expect(await bulk([])).toEqual(ok([]));
  });

  it('names what its workers tell of jobs as in the legacy API', async () => {
    const [job] = await acquire(production(), await submitTask(user(), { nEvents: 1, maxAttempt: 1 }), 1);
    const job_id = job?.PandaID ?? 0;
    const report = (job_status: string, more: object) =>
      harvester().post('pilot/update_jobs_bulk', {
        ...HARVESTER,
        job_list: [{ job_id, job_status, attempt_nr: 1, core_count: 1, siteName: 'SITE_A', ...more }],
      });
    expect(await report('running', { batchID: '9.0', cpuConsumptionTime: '12', maxPSS: '1200', token: 'x' })).toEqual(
      ok([ok(NULL_COMMAND)]),
    );
    expect(await report('failed', { pilotErrorCode: '1305', pilotErrorDiag: 'lost', coreCount: '8' })).toEqual(
      ok([ok(NULL_COMMAND)]),
    );
    expect(await harvester().post('job/get_description', { job_ids: [job_id] })).toMatchObject({
      data: [
        {
          ...{ batchID: '9.0', cpuConsumptionTime: 12, maxPSS: 1200, actualCoreCount: 1 },
          ...{ pilotErrorCode: 1305, pilotErrorDiag: 'lost' },
        },
      ],
    });
  });

  it('sends logs, metrics and dialogs', async () => {
    const content = Buffer.from('what the worker said\n');
    const { success, data } = await harvester().upload(
      'file_server/upload_jedi_log',
      'worker_42.log',
      deflateSync(content),
    );
    expect([success, data]).toEqual([
      true,
      expect.stringMatching(/^https?:\/\/[^/]+\/cache\/jedilog\/worker_42\.log$/),
    ]);
    const { status, text } = await anonymous().send('GET', '/cache/jedilog/worker_42.log');
    expect([status, text]).toEqual([200, content.toString()]);
    expect(await harvester().upload('file_server/update_jedi_log', 'task.log', deflateSync(content))).toEqual(ok());
    expect(await harvester().upload('file_server/update_jedi_log', 'task.log', deflateSync(content))).toEqual(ok());
    const log = await harvester().send(
      'GET',
      '/api/v1/file_server/download_jedi_log?log_name=task.log&offset=5',
      undefined,
      {
        ...{ accept: '*/*', 'content-type': 'text/plain' },
      },
    );
    expect([log.status, log.text]).toEqual([200, ` ${content.toString().repeat(2).slice(5)}`]);
    const metrics = [['2025-06-01 12:00:00.000000', 'h1', '{"rss_mib": 100}']];
    expect(await harvester().post('harvester/update_service_metrics', { ...HARVESTER, metrics })).toEqual(ok([true]));
    const dialogs = [
      {
        ...{ diagID: 1, moduleName: 'm', identifier: 'i', creationTime: '2025-06-01 12:00:00.000000' },
        ...{ messageLevel: 'INFO', diagMessage: 'text' },
      },
    ];
    expect(await harvester().post('harvester/add_dialogs', { ...HARVESTER, dialogs })).toEqual(ok());
  });

  it('does the same as in 2019, by forms', async () => {
    expect(await harvester().legacy('get_max_worker_id', { harvester_id: 'harv-1' })).toBe(43);
    expect(await harvester().legacy('harvesterIsAlive', { harvesterID: 'harv-1', data: '{}' })).toEqual([
      true,
      'succeeded',
    ]);
    expect(await harvester().legacy('getCommands', { harvester_id: 'harv-1', n_commands: 5 })).toEqual({
      ...{ StatusCode: 0, Returns: 0, Commands: [] },
    });
    expect(await harvester().legacy('ackCommands', { command_ids: '[1]' })).toMatchObject({ StatusCode: 0 });
    expect(await harvester().legacy('getResourceTypes', {})).toMatchObject({
      ...{ StatusCode: 0, Returns: 0, ResourceTypes: expect.any(Array) as unknown },
    });
    const workers = JSON.stringify([{ workerID: 44, status: 'submitted', computingSite: 'SITE_A', nCore: 1 }]);
    expect(await harvester().legacy('updateWorkers', { harvesterID: 'harv-1', workers })).toEqual([true, [true]]);
    const paramsList = '{"SCORE": {"running": 1}}';
    expect(
      await harvester().legacy('reportWorkerStats', { harvesterID: 'harv-1', siteName: 'SITE_A', paramsList }),
    ).toEqual([true, 'OK']);
    const typed = '{"user": {"SCORE": {"running": 2}}}';
    expect(
      await harvester().legacy('reportWorkerStats_jobtype', {
        harvesterID: 'harv-1',
        siteName: 'SITE_A',
        paramsList: typed,
      }),
    ).toEqual([true, 'OK']);
    expect(await harvester().legacy('getWorkerStats', {})).toMatchObject({
      SITE_A: { 'harv-1': { user: { SCORE: { running: 2 } } } },
    });
    const jobList = JSON.stringify([{ jobId: '999999', state: 'running' }]);
    expect(await harvester().legacy('updateJobsInBulk', { jobList, harvester_id: 'harv-1' })).toEqual([
      true,
      [{ type: 'json', content: '{"StatusCode": 0, "command": "tobekilled"}' }],
    ]);
    const metrics = '[["2025-06-01 12:00:00.000000", "h1", "{}"]]';
    expect(await harvester().legacy('updateServiceMetrics', { harvesterID: 'harv-1', metrics })).toEqual([
      true,
      [true],
    ]);
    expect(await harvester().legacy('set_user_secret', { key: 'A', value: 'B' })).toEqual([true, 'OK']);
    expect(await harvester().legacy('get_user_secrets', { keys: 'A', get_json: 'True' })).toEqual([true, { A: 'B' }]);
    expect(await anonymous().legacy('get_user_secrets', {})).toEqual([false, 'SSL secure connection is required']);
    const pickled = await harvester().send('GET', '/server/panda/getJobStatisticsPerSite');
    expect(pickled.status).toBe(200);
    expect(pickled.text).toMatch(/^[^{[][^]*\.$/);
  });
});
