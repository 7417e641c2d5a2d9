import { eventually } from '#platform/testing/eventually.js';
import { MODES } from '../../harness/cairn-process.js';
import { fieldsOf, ok, refused } from './panda-client.js';
import { acquire, jobIs, NULL_COMMAND, outputReport, type PilotJob, submitTask, taskIs } from './story.js';
import { usePanda } from './use-panda.js';

const WORKER = { site: 'SITE_A', workerID: '42', harvesterID: 'harv-1' };
const OFFER = {
  ...{ siteName: 'SITE_A', computingElement: 'SITE_A', prodSourceLabel: 'user', diskSpace: 50000, workingGroup: '' },
  ...{ cpu: 2600.0, mem: 32000.0, node: 'wn1', jobType: 'user', resourceType: 'SCORE' },
  ...{ harvester_id: 'harv-1', worker_id: '42' },
};
const NOTHING_TO_DO = { StatusCode: '0', command: 'NULL' };

/** PanDA contract 11.2: one job, as pilot3 runs it. */
describe.each(MODES)('pilot3 ($mode)', (mode) => {
  const { user, production, pilot, anonymous } = usePanda(mode);

  const report = (PandaID: string, state: string, more: object = {}) =>
    pilot().pilot('updateJob', {
      ...{
        jobId: PandaID,
        state,
        timestamp: '2025-06-01T12:00:00+00:00',
        siteName: 'SITE_A',
        node: 'wn1',
        attemptNr: 1,
      },
      ...{ schedulerID: 'harvester-harv-1', pilotID: 'x|y|PR|3.11', cpuConsumptionUnit: 's+CPU X 16 cores' },
      ...more,
    });

  /** Asks for a job of a task until there is one. */
  const getJob = async (taskID: number, more: object = {}): Promise<Readonly<Record<string, string>>> => {
    let job: Readonly<Record<string, string>> = {};
    await eventually(async () => {
      job = await pilot().pilot('getJob', { ...OFFER, taskID, ...more });
      return job['StatusCode'];
    }, '0');
    return job;
  };

  it('reads its queue, and tells what it runs on', async () => {
    const { status, text } = await anonymous().send('GET', '/cache/schedconfig/SITE_A.all.json');
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({
      ...{ nickname: 'SITE_A', name: 'SITE_A', siteid: 'SITE_A', panda_resource: 'SITE_A', atlas_site: 'SITE_A' },
      ...{ type: 'unified', state: 'ACTIVE', status: 'online', corecount: 8, maxrss: 16000, maxwdir: 50000 },
      ...{ maxtime: 86400, timefloor: 0, catchall: '', copytools: { mv: { setup: '' } }, pilot_manager: 'Harvester' },
      ...{ capability: 'ucore', workflow: 'pull', resource_type: 'GRID', cloud: 'WORLD', params: {} },
    });
    expect(JSON.parse(text)).not.toHaveProperty('error');
    expect((await anonymous().send('GET', '/cache/schedconfig/NOWHERE.all.json')).status).toBe(404);
    const endpoints = await anonymous().send('GET', '/cache/ddmendpoints.json');
    expect([endpoints.status, JSON.parse(endpoints.text)]).toEqual([200, {}]);
    const node = {
      ...{ site: 'SITE_A', panda_queue: 'SITE_A', host_name: 'slot1@wn1', cpu_model: 'CPU X', n_logical_cpus: 16 },
      ...{ n_sockets: 1, cores_per_socket: 8, threads_per_core: 2, cpu_architecture: 'x86_64' },
      ...{ cpu_architecture_level: 'x86_64-v3', total_memory: 32000, total_local_disk: 100, clock_speed: 2600.0 },
    };
    const inserted = ok(null, 'Inserted new worker node.');
    expect(await pilot().postCompressed('pilot/update_worker_node', node)).toEqual(inserted);
    expect(await pilot().postCompressed('pilot/update_worker_node', node)).toEqual(inserted);
    // The fallback by curl hits another base (trap 37).
    const form = await pilot().send(
      'POST',
      '/server/panda/api/v1/pilot/update_worker_node',
      'site=SITE_A&host_name=wn2&cpu_model=X',
      {
        ...{ 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      },
    );
    expect([form.status, JSON.parse(form.text)]).toEqual([200, inserted]);
    const gpu = { site: 'SITE_A', host_name: 'wn1', vendor: 'V', model: 'G', count: 2, vram: 80 };
    expect(await pilot().postCompressed('pilot/update_worker_node_gpu', gpu)).toEqual(
      ok(null, 'Inserted new worker node GPU.'),
    );
    expect(await pilot().postCompressed('pilot/update_worker_node_gpu', gpu)).toEqual(
      ok(null, 'Updated existing worker node GPU.'),
    );
  });

  it('begins before harvester tells of its worker', async () => {
    expect(await pilot().pilot('updateWorkerPilotStatus', { ...WORKER, status: 'started', node_id: 'wn1' })).toEqual({
      StatusCode: '0',
    });
    expect(await pilot().pilot('updateWorkerPilotStatus', { ...WORKER, status: 'lost' })).toMatchObject({
      StatusCode: expect.not.stringMatching(/^0$/) as unknown,
      errorDialog: expect.any(String) as unknown,
    });
  });

  it('is told when there is nothing to do', async () => {
    expect(await pilot().pilot('getJob', { ...OFFER, taskID: 99 })).toEqual({
      StatusCode: '20',
      errorDialog: 'no jobs in PanDA',
    });
    expect(
      await pilot().legacy('getJob', { siteName: 'SITE_A', prodSourceLabel: 'user', taskID: 99, nJobs: 2 }),
    ).toEqual({
      StatusCode: 20,
      errorDialog: 'no jobs in PanDA',
    });
    expect(await pilot().post('pilot/acquire_jobs', { site_name: 'NOWHERE', task_id: 99 })).toEqual(
      refused('No jobs in PanDA'),
    );
    expect(await user().post('pilot/acquire_jobs', { site_name: 'SITE_A' })).toEqual(
      refused('no production/pilot role in VOMS FQANs or non pilot owner'),
    );
    expect(await user().legacy('getJob', { siteName: 'SITE_A' })).toEqual({
      StatusCode: 60,
      errorDialog: 'no production/pilot role in VOMS FQANs or non pilot owner',
    });
  });

  it('runs a job from the start to the end', async () => {
    const taskID = await submitTask(user(), { nEvents: 1 });
    const job = await getJob(taskID);
    const { PandaID = '' } = job;
    expect(job).toMatchObject({
      ...{ StatusCode: '0', taskID: String(taskID), attemptNr: '1', prodSourceLabel: 'user' },
      ...{ processingType: 'panda-client-1.6-jedi-run', homepackage: 'NULL', swRelease: 'NULL' },
      ...{ jobsetID: expect.stringMatching(/^\d+$/) as unknown, coreCount: '1', resource_type: 'SCORE' },
      ...{
        jobPars: expect.stringContaining('echo%20hello') as unknown,
        prodUserID: expect.stringContaining('Demo User') as unknown,
      },
      ...{ currentPriority: expect.stringMatching(/^\d+$/) as unknown, maxDiskCount: expect.any(String) as unknown },
      ...{
        logGUID: expect.stringMatching(/^[\da-f-]{36}$/i) as unknown,
        transferType: 'NULL',
        sourceSite: 'NULL',
        nSent: '0',
      },
    });
    // The log is in all lists of outputs but the scopes (trap 11).
    const listed = (name: string): number => (job[name] ?? '').split(',').length;
    expect([listed('outFiles'), listed('realDatasets'), listed('destinationDblock'), listed('scopeOut')]).toEqual([
      2, 2, 2, 1,
    ]);
    expect(job['outFiles']?.split(',')).toContain(job['logFile']);
    expect(await report(PandaID, 'starting')).toEqual(NOTHING_TO_DO);
    expect(await report(PandaID, 'running')).toEqual(NOTHING_TO_DO);
    await jobIs(user(), [Number(PandaID)], 'running');
    const measured = {
      ...{
        coreCount: 1,
        cpuConsumptionTime: 12,
        cpuConversionFactor: 1.0,
        maxRSS: 1000,
        avgRSS: 900.5,
        maxVMEM: '2000',
      },
      ...{
        jobMetrics: 'coreCount=1 leak=12.5',
        stdout: 'hello',
        meanCoreCount: 1.5,
        totRCHAR: 10240,
        rateRCHAR: 'many',
      },
    };
    expect(await report(PandaID, 'running', measured)).toEqual(NOTHING_TO_DO);
    expect(await report(PandaID, 'starting')).toEqual(NOTHING_TO_DO);
    await jobIs(user(), [Number(PandaID)], 'running');
    // Without a token (D26).
    expect(await anonymous().pilot('getStatus', { ids: PandaID })).toEqual({
      ...{ StatusCode: '0', status: 'running', attemptNr: '1' },
    });
    expect(await anonymous().pilot('getStatus', { ids: `${PandaID},999999` })).toEqual({
      ...{ StatusCode: '0', status: 'running+notfound', attemptNr: '1+0' },
    });
    const gpu = { site: 'SITE_A', host_name: 'wn1', vendor: 'V', model: 'of a report', count: 1 };
    const metadata = {
      resource: { machine: { node: 'wn1' } },
      worker_node: { site: 'SITE_A', host_name: 'wn1', cpu_model: 'CPU X', n_sockets: 2 },
      worker_node_gpus: { ...gpu, odd: 1 },
    };
    const end = {
      ...{
        xml: outputReport({ outFiles: job['outFiles'] ?? '' }),
        metaData: JSON.stringify(metadata),
      },
      ...{ pilotErrorCode: 0, exeErrorCode: 0, transExitCode: 0, pilotTiming: '1|2|3|4|5|6', nEvents: 1 },
      ...{ endTime: '2025-06-01 12:30:00', cpuConsumptionTime: 100 },
    };
    expect(await report(PandaID, 'finished', end)).toEqual(NOTHING_TO_DO);
    // A repeat: the first report wins.
    expect(['alreadydone', 'tobekilled']).toContain(
      (await report(PandaID, 'failed', { pilotErrorCode: 1 }))['command'],
    );
    await jobIs(user(), [Number(PandaID)], 'finished');
    expect(await report(PandaID, 'running')).toEqual({ StatusCode: '0', command: 'tobekilled' });
    await taskIs(user(), taskID, 'done');
    const { data } = await user().post('job/get_description', { job_ids: [Number(PandaID)] });
    expect(data).toEqual([
      expect.objectContaining({
        ...{ PandaID: Number(PandaID), jobStatus: 'finished', attemptNr: 1, cpuConsumptionTime: 100, nEvents: 1 },
        ...{ maxRSS: 1000, avgRSS: 900, maxVMEM: 2000, totRCHAR: 10, rateRCHAR: null, modificationHost: 'wn1' },
        ...{ endTime: { __datetime__: '2025-06-01T12:30:00' }, pilotTiming: '1|2|3|4|5|6', computingSite: 'SITE_A' },
      }),
    ]);
    expect(await user().get('job/get_metadata_for_analysis_jobs', { task_id: taskID })).toEqual(
      ok({ [PandaID]: metadata }),
    );
    expect(await pilot().postCompressed('pilot/update_worker_node_gpu', gpu)).toEqual(
      ok(null, 'Updated existing worker node GPU.'),
    );
  });

  it('runs a job by forms, as pilots of 2023 did', async () => {
    const taskID = await submitTask(user(), { nEvents: 1 });
    const ask = {
      ...{ siteName: 'SITE_A', computingElement: 'SITE_A', prodSourceLabel: 'user', diskSpace: 50000, taskID },
      ...{ workingGroup: '', cpu: 2445.404, mem: 24105.1328125, node: 'wn1', allowOtherCountry: false },
      ...{ harvester_id: 'harv-1', worker_id: '7' },
    };
    let job: PilotJob | undefined;
    await eventually(async () => {
      const answer = (await pilot().legacy('getJob', ask)) as PilotJob & { readonly StatusCode: number };
      job = answer;
      return answer.StatusCode;
    }, 0);
    const { PandaID = 0, outFiles = '' } = job ?? {};
    const begun = new Date().toISOString();
    // Times in seconds are not understood, and not refused.
    const common = {
      ...{ jobId: PandaID, timestamp: '2026-11-30T15:07:59+00:00', siteName: 'SITE_A', node: 'wn1', attemptNr: 1 },
      ...{ schedulerID: 'unknown', pilotID: 'unknown|PR|3.7.0.36', startTime: 1796051376.7958496, coreCount: 1 },
      cpuConsumptionUnit: 's+CPU X+AVX2',
    };
    for (const state of ['starting', 'running']) {
      expect(await pilot().legacy('updateJob', { ...common, state })).toEqual(NULL_COMMAND);
    }
    expect(
      await pilot().legacy('updateJob', {
        ...{ ...common, state: 'finished', xml: outputReport({ outFiles }), cpuConsumptionTime: 1 },
        ...{ cpuConversionFactor: 1.0, pilotTiming: '0|0|7|0|2|0', pilotLog: '', endTime: 1796051387.3861039 },
        ...{ pilotErrorCode: 0, pilotErrorDiag: '', transExitCode: 0, exeErrorCode: 0, exeErrorDiag: '' },
      }),
    ).toEqual(NULL_COMMAND);
    await taskIs(user(), taskID, 'done');
    const { data } = await user().post('job/get_description', { job_ids: [PandaID] });
    const [described] = data as readonly Record<'startTime' | 'endTime', { readonly __datetime__: string }>[];
    for (const time of [described?.startTime, described?.endTime]) {
      expect(`${time?.__datetime__}Z` >= begun.slice(0, 19)).toBe(true);
    }
    expect(described).toMatchObject({
      ...{ jobStatus: 'finished', pilotErrorCode: 0, cpuConsumptionTime: 1, pilotTiming: '0|0|7|0|2|0' },
    });
  });

  it('runs a job by the new API, as pilots of 2026 do', async () => {
    const taskID = await submitTask(user(), { nEvents: 1 });
    const ask = {
      ...{ site_name: 'SITE_A', computing_element: 'SITE_A', prod_source_label: 'user', disk_space: 50000 },
      ...{ memory: 24105, node: 'wn1', job_type: 'user', resource_type: 'SCORE', scheduler_id: 'harv-1' },
      ...{ worker_id: 77, task_id: taskID, target_architecture: { gpus: [{ vendor: 'NVIDIA', model: 'A100' }] } },
    };
    let jobs: readonly PilotJob[] = [];
    await eventually(async () => {
      const { data } = await pilot().postCompressed('pilot/acquire_jobs', ask);
      jobs = (data as { readonly jobs: readonly PilotJob[] } | null)?.jobs ?? [];
      return jobs.length;
    }, 1);
    const [job] = jobs;
    const { PandaID = 0, outFiles = '' } = job ?? {};
    const update = (job_status: string, more: object = {}) =>
      pilot().postCompressed('pilot/update_job', {
        ...{ job_id: PandaID, job_status, site_name: 'SITE_A', node: 'wn1', attempt_nr: 1, core_count: 1 },
        ...{ scheduler_id: 'harvester-harv-1', pilot_id: 'unknown|PR|3.12', start_time: '2026-11-30 15:21:43' },
        ...{ job_output_report: '', cpu_consumption_unit: 's+CPU X+AVX2', cpu_architecture_level: 'x86_64-v3' },
        ...more,
      });
    expect(await update('starting')).toEqual(ok(NULL_COMMAND));
    expect(
      await update('running', {
        ...{ mean_core_count: 1, cpu_consumption_time: 3, cpu_conversion_factor: 1.0, max_rss: 100, avg_rss: 90.5 },
        ...{ tot_rbytes: 1e9, rate_rbytes: 5.5, job_metrics: 'coreCount=1', source_site: 'schedd' },
        destination_site: 'glidein',
      }),
    ).toEqual(ok(NULL_COMMAND));
    expect(
      await update('finished', {
        ...{ meta_data: '{}', job_output_report: outputReport({ outFiles }), pilot_timing: '0|0|7|0|2|0' },
        ...{ pilot_log: '', end_time: '2026-11-30 15:22:43', pilot_error_code: 0, pilot_error_diag: '' },
        ...{ trans_exit_code: 0, exe_error_code: 0, exe_error_diag: '' },
      }),
    ).toEqual(ok(NULL_COMMAND));
    await taskIs(user(), taskID, 'done');
    expect(await user().post('job/get_description', { job_ids: [PandaID] })).toMatchObject({
      data: [
        {
          ...{ jobStatus: 'finished', endTime: { __datetime__: '2026-11-30T15:22:43' }, avgRSS: 90 },
          ...{ sourceSite: 'schedd', destinationSite: 'glidein', schedulerID: 'harvester-harv-1' },
        },
      ],
    });
  });

  it('gives several jobs at once when asked, and the flat one otherwise', async () => {
    const taskID = await submitTask(user(), { nEvents: 4 });
    await getJob(taskID);
    const many = (await pilot().legacy('getJob', {
      siteName: 'SITE_A',
      prodSourceLabel: 'user',
      taskID,
      nJobs: 2,
    })) as {
      readonly StatusCode: number;
      readonly jobs: readonly { readonly PandaID: number }[];
    };
    expect([many.StatusCode, many.jobs.length]).toEqual([0, 2]);
    const flat = await pilot().legacy('getJob', { siteName: 'SITE_A', prodSourceLabel: 'user', taskID });
    expect(flat).toMatchObject({ StatusCode: 0, taskID, PandaID: expect.any(Number) as unknown });
    await user().post('task/kill', { task_id: taskID });
  });

  it('never gives a job to two pilots', async () => {
    const taskID = await submitTask(user(), { nEvents: 50, skipScout: true, nMaxFilesPerJob: 1 });
    await eventually(async () => {
      const { data } = await user().get('task/get_job_ids', { task_id: taskID });
      return (data as readonly number[]).length;
    }, 50);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => pilot().pilot('getJob', { ...OFFER, taskID, worker_id: '' })),
    );
    const ids = answers.flatMap(({ PandaID }) => PandaID ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(0);
    await user().post('task/kill', { task_id: taskID });
  });

  it('is told to kill its job, and tells that it failed', async () => {
    const taskID = await submitTask(user(), { nEvents: 1, maxAttempt: 1 });
    const { PandaID = '' } = await getJob(taskID);
    await report(PandaID, 'running');
    expect(await user().post('job/kill', { job_ids: [Number(PandaID)] })).toEqual(ok([true]));
    expect(await user().post('job/kill', { job_ids: [Number(PandaID)] })).toEqual(ok([false]));
    for (const state of ['running', 'running', 'transferring']) {
      expect(await report(PandaID, state)).toEqual({ StatusCode: '0', command: 'tobekilled' });
    }
    expect(await pilot().legacy('checkJobStatus', { ids: PandaID })).toMatchObject({
      StatusCode: 0,
      data: [{ command: 'tobekilled' }],
    });
    expect(await report(PandaID, 'failed', { pilotErrorCode: 1201 })).toMatchObject({ StatusCode: '0' });
    await jobIs(user(), [Number(PandaID)], 'cancelled');
    expect(await user().post('job/get_description', { job_ids: [Number(PandaID)] })).toMatchObject({
      data: [{ taskBufferErrorCode: 100, taskBufferErrorDiag: expect.stringMatching(/^killed by /) as unknown }],
    });
  });

  it('debugs', async () => {
    const taskID = await submitTask(user(), { nEvents: 1 });
    const { PandaID = '' } = await getJob(taskID);
    const job_id = Number(PandaID);
    expect(await production().post('job/set_debug_mode', { job_id, mode: true })).toEqual(ok(null, 'Succeeded'));
    expect(await production().post('job/set_debug_mode', { job_id, mode: true })).toEqual(
      ok(null, 'Already set accordingly'),
    );
    await pilot().post('creds/set_user_secrets', { key: 'DEBUGGER', value: 'gdb' });
    expect(await report(PandaID, 'running')).toEqual({
      ...{ StatusCode: '0', command: 'debug', pilotSecrets: '{"DEBUGGER": "gdb"}' },
    });
    expect(await production().post('job/set_command', { job_id, command: 'ls -l' })).toEqual(
      ok(null, 'command received'),
    );
    expect(await report(PandaID, 'running')).toMatchObject({ command: 'debug,ls -l' });
    expect(await production().post('job/set_command', { job_id, command: 'x'.repeat(300) })).toEqual(
      refused('command string too long. must be less than 250 chars'),
    );
    expect(await production().post('job/set_command', { job_id: 999_999, command: 'ls -l' })).toEqual(
      refused('no active job with PandaID=999999'),
    );
    expect(await production().post('job/set_debug_mode', { job_id: 999_999, mode: true })).toEqual(
      refused('PandaID=999999 not found in active DB'),
    );
    await user().post('task/kill', { task_id: taskID });
    // Whoever runs a job of their own is no pilot.
    const debugged = await submitTask(user(), { nEvents: 2, debugMode: true });
    const [own] = await acquire(user(), debugged, 1);
    expect([own, own]).toEqual([
      expect.objectContaining({ debug: 'True' }),
      expect.not.objectContaining({ pilotSecrets: expect.anything() as unknown }),
    ]);
    expect(await acquire(pilot(), debugged, 1)).toMatchObject([{ debug: 'True', pilotSecrets: '{"DEBUGGER": "gdb"}' }]);
    await user().post('task/kill', { task_id: debugged });
  });

  it('sends reports that cannot be', async () => {
    expect(await pilot().post('pilot/update_job', { job_id: 999_999, job_status: 'running' })).toEqual(
      ok({ StatusCode: 0, command: 'tobekilled' }),
    );
    expect(await pilot().post('pilot/update_job', { job_id: 999_999, job_status: 'dancing' })).toEqual(
      refused('Invalid job status: dancing', { StatusCode: 50 }),
    );
    expect(await pilot().pilot('updateJob', { jobId: 'NULL', state: 'running' })).toMatchObject({ StatusCode: '0' });
    expect(await pilot().pilot('updateJob', { jobId: '1', state: 'dancing' })).toMatchObject({ StatusCode: '0' });
    expect(await pilot().get('pilot/get_job_status', { job_ids: [999_999] })).toEqual(
      ok([{ job_id: 999_999, status: 'not found', attempt_number: 0 }]),
    );
    const { status, text } = await anonymous().send('POST', '/server/panda/updateJob', 'jobId=1&state=running', {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect([status, fieldsOf(text)]).toEqual([
      200,
      { StatusCode: '70', errorDialog: 'SSL secure connection is required' },
    ]);
    expect(await anonymous().legacy('getProxy', { role: '', dn: 'x' })).toEqual({
      ...{ StatusCode: 70, errorDialog: expect.any(String) as unknown },
    });
  });

  it('ends', async () => {
    expect(await pilot().pilot('updateWorkerPilotStatus', { ...WORKER, status: 'finished' })).toEqual({
      StatusCode: '0',
    });
    expect(
      await pilot().post('pilot/update_worker_status', { worker_id: 42, harvester_id: 'harv-1', status: 'finished' }),
    ).toEqual(ok());
    expect(
      await pilot().post('pilot/update_worker_status', { worker_id: '42', harvester_id: 'harv-1', status: 'lost' }),
    ).toEqual(refused("Invalid worker state. The worker state has to be in ('started', 'finished')"));
  });
});
