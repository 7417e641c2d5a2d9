import { PRUN, TASK_ID, TaskRun, withFiles } from '../testing/task-run.js';
import { someQueue } from '../testing/queue.js';
import type { Job } from '../view.js';

const inputs = ({ files }: Job): readonly string[] =>
  files.filter(({ type }) => type === 'input').map(({ lfn }) => lfn);
const outputs = ({ files }: Job): readonly string[] =>
  files.filter(({ type }) => type === 'output' || type === 'log').map(({ lfn }) => lfn);

describe('the jobs of a task without input', () => {
  it('are those of the worked example', () => {
    const run = new TaskRun();
    expect(run.dialog).toBe(null);
    expect(run.status).toBe('scouting');
    expect(run.task.attributes).toMatchObject({ superStatus: 'submitting', startTime: '2026-01-01T00:00:00' });
    const jobs = run.jobs();
    expect(jobs.map(outputs)).toEqual(
      ['000001', '000002', '000003'].map((serial) => [
        `user.demo.${TASK_ID}._${serial}.out.txt`,
        `user.demo.t1.log.${TASK_ID}.${serial}.log.tgz`,
      ]),
    );
    expect(jobs[0]?.files).toMatchObject([
      { type: 'pseudo_input', lfn: 'pseudo_lfn', dataset: 'pseudo_dataset' },
      {
        type: 'output',
        dataset: 'user.demo.t1_out.txt/',
        destinationDBlock: 'user.demo.t1_out.txt',
        scope: 'user.demo',
      },
      { type: 'log', dataset: 'user.demo.t1.log/', destinationDBlock: 'user.demo.t1.log', scope: 'user.demo' },
    ]);
    expect(jobs.map(({ attributes }) => attributes)).toEqual(
      [1, 2, 3].map((id): unknown =>
        expect.objectContaining({
          ...{ PandaID: id, jobStatus: 'activated', jobName: `user.demo.t1/.${id}`, jobDefinitionID: 1 },
          ...{ taskID: TASK_ID, jediTaskID: TASK_ID, reqID: TASK_ID, jobsetID: TASK_ID, parentID: null },
          ...{ prodSourceLabel: 'user', prodUserID: 'Demo User', prodUserName: 'Demo User', job_label: 'user' },
          ...{ processingType: 'panda-client-1.6-jedi-run', VO: 'wlcg', gshare: 'User Analysis', cmtConfig: 'NULL' },
          ...{
            transformation: 'https://host/trf/user/runGen',
            AtlasRelease: null,
            homepackage: null,
            lockedby: 'jedi',
          },
          ...{ currentPriority: 1001, assignedPriority: 1001, attemptNr: 1, maxAttempt: 1, specialHandling: 'sj' },
          ...{ computingSite: 'LOCAL', cloud: 'WORLD', destinationSE: 'LOCAL', coreCount: 1, resource_type: 'SCORE' },
          ...{ minRamCount: 1800, maxDiskCount: 0, maxCpuCount: 0, maxWalltime: null, jobExecutionID: 0 },
          jobParameters: `-j "" --sourceURL https://host:25443 -r . -o "{'out.txt': 'user.demo.${TASK_ID}._00000${id}.out.txt'}" -p "echo%20hello"`,
        }),
      ),
    );
    expect(jobs.every((job) => inputs(job).length === 0)).toBe(true);
    expect(run.files('pseudo_input').map(({ status, pandaId }) => [status, pandaId])).toEqual([
      ['running', 1],
      ['running', 2],
      ['running', 3],
    ]);
    run.finish(jobs);
    expect(run.status).toBe('done');
    const statuses = run.decided
      .filter(({ type }) => type === 'TaskMoved')
      .map(({ data }) => (data as { status: string }).status);
    expect(statuses).toEqual(['defined', 'ready', 'scouting', 'scouted', 'running', 'prepared', 'done']);
  });

  it('are tried three times, with new outputs and the name of the first', () => {
    const run = new TaskRun({ ...PRUN, nEvents: 1 });
    for (const attempt of [1, 2, 3]) {
      const [job] = run.jobs('activated');
      expect(job?.attributes).toMatchObject({
        ...{ PandaID: attempt, attemptNr: attempt, maxAttempt: attempt, jobName: 'user.demo.t1/.1' },
        parentID: attempt === 1 ? null : attempt - 1,
      });
      expect(job && outputs(job)[0]).toBe(`user.demo.${TASK_ID}._00000${attempt}.out.txt`);
      run.fail(run.jobs('activated'));
    }
    expect(run.jobs('activated')).toEqual([]);
    expect(run.status).toBe('failed');
  });

  it('leave a task finished when one of them fails for good', () => {
    const run = new TaskRun();
    const [one, ...others] = run.jobs();
    run.finish(others);
    if (one !== undefined) run.fail([one]);
    run.fail(run.jobs('activated')).fail(run.jobs('activated'));
    expect(run.status).toBe('finished');
  });

  it('count no failure when they were closed', () => {
    const run = new TaskRun({ ...PRUN, nEvents: 1 });
    run.fail(run.jobs(), 'released');
    expect(run.files('pseudo_input')).toMatchObject([{ attemptNr: 1, failedAttempt: 0, status: 'running' }]);
  });

  it('are numbered by generation, per user', () => {
    const run = new TaskRun();
    run.fail(run.jobs());
    expect(run.jobs().map(({ attributes }) => attributes.jobDefinitionID)).toEqual([1, 1, 1, 2, 2, 2]);
  });

  it('have no number of a generation with other labels', () => {
    const run = new TaskRun({ ...PRUN, prodSourceLabel: 'managed', taskType: 'prod' });
    expect(run.jobs()[0]?.attributes).toMatchObject({ jobDefinitionID: 0, job_label: 'managed', gshare: 'Production' });
  });
});

describe('the jobs of a task with files', () => {
  it('take ten files in groups of 3, 3, 3 and 1', () => {
    const run = new TaskRun(withFiles(10, { nFilesPerJob: 3 }));
    expect(run.status).toBe('running');
    expect(run.jobs().map((job) => inputs(job).length)).toEqual([3, 3, 3, 1]);
    expect(run.jobs()[0]?.attributes).toMatchObject({
      ...{ jobParameters: '-i data.[0001,0002,0003].root --out=out.000001.root', currentPriority: 1000 },
      ...{ specialHandling: null, prodDBlock: 'user.demo.data', destinationDBlock: 'user.demo.out' },
      ...{ nInputDataFiles: 3, inputFileBytes: 3072, inputFileProject: 'user', nOutputDataFiles: 1, maxDiskCount: 1 },
    });
    expect(run.jobs()[3]?.files).toMatchObject([
      {
        ...{ type: 'input', lfn: 'data.0010.root', GUID: 'G-10', fsize: 1024, checksum: 'ad:0a1b2c3d' },
        ...{ scope: 'user.demo', status: 'ready', dataset: 'user.demo.data' },
      },
      { type: 'output', lfn: 'out.000004.root', destinationDBlock: 'user.demo.out', scope: 'user.demo' },
      { type: 'log', lfn: `user.demo.t1.log.${TASK_ID}.000004.log.tgz` },
    ]);
  });

  it('begin with ten scouts, and go on when five of them have succeeded', () => {
    const run = new TaskRun(withFiles(30, { nFilesPerJob: 1, skipScout: undefined }));
    expect(run.jobs()).toHaveLength(10);
    run.finish(run.jobs().slice(0, 4));
    expect([run.status, run.jobs().length]).toEqual(['scouting', 10]);
    run.finish(run.jobs('activated').slice(0, 1));
    expect([run.status, run.jobs().length]).toEqual(['running', 30]);
    expect(run.jobs().at(-1)?.attributes).toMatchObject({ specialHandling: null, currentPriority: 1000 });
  });

  it('repeat failed scouts as scouts', () => {
    const run = new TaskRun(withFiles(30, { nFilesPerJob: 1, skipScout: undefined }));
    run.fail(run.jobs().slice(0, 1));
    const [again] = run.jobs().slice(10);
    expect(again && inputs(again)).toEqual(['data.0001.root']);
    expect(again?.attributes).toMatchObject({ attemptNr: 2, specialHandling: 'sj' });
  });

  it('have files in several events when they have many', () => {
    const run = new TaskRun(withFiles(350, { nFilesPerJob: 350 }));
    expect(run.jobs().map((job) => [inputs(job).length, job.takes.length])).toEqual([[350, 350]]);
    expect(run.decided.filter(({ type }) => type === 'JobFilesAdded')).toHaveLength(3);
    run.finish(run.jobs());
    expect(run.status).toBe('done');
  });

  it('break the task when their command line would be too long', () => {
    const parameters = withFiles(2000, { nFilesPerJob: 2000 });
    const [input, ...others] = parameters['jobParameters'] as readonly object[];
    const run = new TaskRun({ ...parameters, jobParameters: [{ ...input, value: '-i ${IN/L} ${IN/T}' }, ...others] });
    expect(run.status).toBe('broken');
    expect(run.dialog).toMatch('the command line of a job would have');
  });

  it('are limited by maxNumJobs at a time, and by totNumJobs in all', () => {
    const run = new TaskRun(withFiles(30, { nFilesPerJob: 1, maxNumJobs: 4, totNumJobs: 6 }));
    expect(run.jobs()).toHaveLength(4);
    run.finish(run.jobs());
    expect(run.jobs()).toHaveLength(6);
    run.finish(run.jobs('activated'));
    expect([run.jobs().length, run.status]).toEqual([6, 'finished']);
  });

  it('are made of parts of events also when only one may be made', () => {
    const run = new TaskRun({ ...PRUN, totNumJobs: 1, skipScout: true });
    expect([run.status, run.jobs().length]).toEqual(['running', 1]);
  });

  it.each(['nFilesPerJob', 'nMaxFilesPerJob', 'nGBPerJob', 'maxNumJobs', 'totNumJobs'])(
    'are not limited by %s below zero',
    (rule) => {
      const run = new TaskRun(withFiles(2, { skipScout: undefined, [rule]: -1 }));
      expect(run.jobs()).toHaveLength(1);
      run.finish(run.jobs());
      expect(run.status).toBe('done');
    },
  );

  it('are made one by one too, when each takes parts of events', () => {
    const run = new TaskRun({ ...PRUN, nEvents: 3, maxNumJobs: 1, skipScout: true });
    for (const made of [1, 2, 3]) {
      expect([run.status, run.jobs().length]).toEqual(['running', made]);
      run.finish(run.jobs('activated'));
    }
    expect(run.status).toBe('done');
  });

  it('end with totNumJobs although all of them have failed', () => {
    const run = new TaskRun({ ...PRUN, nEvents: 3, totNumJobs: 1, skipScout: true });
    expect([run.status, run.jobs().length]).toEqual(['running', 1]);
    run.fail(run.jobs());
    expect([run.status, run.jobs().length]).toEqual(['failed', 1]);
  });

  it('wait when too many have not been started', () => {
    const run = new TaskRun(withFiles(30, { nFilesPerJob: 1 }), undefined, { unstartedJobsMax: 10 });
    expect([run.status, run.jobs().length, run.task.attributes.oldStatus]).toEqual(['throttled', 10, 'running']);
    run.finish(run.jobs('activated').slice(0, 4));
    expect(run.status).toBe('throttled');
    run.finish(run.jobs('activated').slice(0, 1));
    expect([run.status, run.jobs().length, run.task.attributes.numThrottled]).toEqual(['throttled', 15, 2]);
    while (run.status !== 'done') run.finish(run.jobs('activated'));
    expect(run.jobs()).toHaveLength(30);
  });
});

describe('a task for which there is no queue', () => {
  const LARGE = withFiles(2, { nFilesPerJob: 1, ramCount: 8000 });

  it('is pending with the reason, is tried again every minute and at once when a queue changes', () => {
    const run = new TaskRun(LARGE, [someQueue({ maxrss: 4000 })]);
    const reason = 'no queue can run the jobs. maxrss below 7200 MB: LOCAL';
    expect([run.status, run.dialog, run.task.attributes.oldStatus]).toEqual(['pending', reason, 'ready']);
    run.configure(someQueue({ maxrss: 4000 }), someQueue({ name: 'B', status: 'offline' }));
    expect(run.settle().dialog).toBe('no queue can run the jobs. not online: B; maxrss below 7200 MB: LOCAL');
    run.configure(someQueue({ name: 'B' }));
    run.settle();
    expect([run.status, run.dialog, run.task.attributes.oldStatus]).toEqual(['running', null, null]);
    expect(run.jobs().map(({ attributes }) => attributes.computingSite)).toEqual(['B', 'B']);
  });

  it('is exhausted after too long, with the reason', () => {
    const run = new TaskRun(LARGE, [someQueue({ maxrss: 4000 })]);
    expect(run.wait(3600).status).toBe('pending');
    expect(run.wait(1).status).toBe('exhausted');
    expect(run.dialog).toMatch('maxrss below 7200 MB');
  });

  it('makes the jobs for which there is one, and tells of the others', () => {
    const large = [
      { lfn: 'large', fsize: 9e9 },
      { lfn: 'small', fsize: 1e6 },
    ];
    const document = withFiles(1, { nFilesPerJob: 1 });
    const [input, ...others] = document['jobParameters'] as readonly object[];
    const run = new TaskRun({ ...document, jobParameters: [{ ...input, files: large }, ...others] }, [
      someQueue({ maxwdir: 1000 }),
    ]);
    expect(run.jobs().map(inputs)).toEqual([['small']]);
    expect([run.status, run.dialog]).toEqual(['pending', 'no queue can run the jobs. maxwdir below 8600 MB: LOCAL']);
    run.finish(run.jobs());
    expect(run.status).toBe('pending');
  });
});

describe('brokered jobs', () => {
  it('are spread over equal queues, with what each queue gives them', () => {
    const queues = [someQueue({ name: 'A' }), someQueue({ name: 'B', cores: -1, maxtime: 86_400, cloud: 'US' })];
    const run = new TaskRun(withFiles(8, { nFilesPerJob: 1, coreCount: 4, maxWalltime: undefined }), queues);
    const at = (site: string) => run.jobs().filter(({ attributes }) => attributes.computingSite === site);
    expect(at('A')).toHaveLength(4);
    expect(at('A')[0]?.attributes).toMatchObject({ coreCount: 1, minRamCount: 1800, resource_type: 'SCORE' });
    expect(at('B')[0]?.attributes).toMatchObject({
      ...{ coreCount: 4, minRamCount: 7200, resource_type: 'MCORE', maxWalltime: 86_400, cloud: 'US' },
    });
  });

  it('ask for the memory that their files have learnt to need', () => {
    const run = new TaskRun(withFiles(1, { nFilesPerJob: 1 }));
    const [file] = run.files('input');
    const files = [[file?.id ?? 0, file?.id ?? 0]];
    run.apply({ stream: run.task.stream, type: 'FilesAmended', data: { files, ram_count: 4000 } });
    run.fail(run.jobs());
    expect(run.jobs()[1]?.attributes).toMatchObject({ minRamCount: 3600, resource_type: 'SCORE_HIMEM' });
  });
});
