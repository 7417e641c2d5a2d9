import type { JobFile } from '#contracts/panda/events.js';
import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import type { Principal } from '#contracts/panda/principal.js';
import { killRequested } from '../kill/kill-requested.js';
import { updateJob } from '../report/update-job.js';
import { JobStore, type SomeJobs } from '../testing/some-jobs.js';
import { endLostJob, type JobTimeouts } from '../watchdog/stale-jobs.js';
import { finalize } from './finalize.js';

const FILES = (pandaId: number): readonly JobFile[] => [
  { row_ID: pandaId * 10, type: 'input', lfn: 'in.root', status: 'ready', fileID: 1, datasetID: 1 },
  { row_ID: pandaId * 10 + 1, type: 'output', lfn: `out.${pandaId}`, status: 'unknown', scope: 'user.demo' },
  { row_ID: pandaId * 10 + 2, type: 'log', lfn: `log.${pandaId}`, status: 'unknown', scope: 'user.demo' },
];

const reportOf = (id: number, more: object = {}): string =>
  JSON.stringify({
    [`out.${id}`]: { guid: 'G1', fsize: 1_024, adler32: '0a1b2c3d', surl: 'file:///x' },
    [`log.${id}`]: { guid: 'G2', fsize: 16, md5sum: 'abc' },
    ...more,
  });

describe('a job', () => {
  let jobs: JobStore;
  beforeEach(() => {
    jobs = new JobStore();
  });

  const sent = (more: SomeJobs = {}): number => jobs.create(1, { status: 'sent', files: FILES, ...more })[0] ?? 0;
  const report = (id: number, job_status: string, fields: object = {}, attempt_nr: number | null = 1): string =>
    jobs.do((view, timeMicros) =>
      updateJob(view, { job_id: id, job_status, attempt_nr, fields: { ...fields } }, timeMicros),
    ).command;
  const add = (id: number): void => void jobs.do((view, timeMicros) => finalize(view, id, timeMicros));
  const statusOf = (id: number): string => jobs.job(id).status;
  const attributesOf = (id: number): JobAttributes => jobs.job(id).attributes;
  const filesOf = (id: number) => jobs.job(id).files.map(({ type, status }) => `${type} ${status}`);
  const end = (id: number, status: 'finished' | 'failed', fields: object = {}): void => {
    report(id, 'running');
    report(id, status, fields);
    add(id);
  };

  it('runs and finishes', () => {
    const id = sent();
    jobs.wait(10);
    expect(report(id, 'starting', { batch_id: 'b.1' })).toBe('NULL');
    jobs.wait(10);
    expect(report(id, 'running', { batch_id: 'b.1' })).toBe('NULL');
    expect(attributesOf(id)).toMatchObject({ jobStatus: 'running', startTime: '2025-06-01T12:00:20' });
    jobs.wait(10);
    report(id, 'running', { cpu_consumption_time: 9, stdout: 'tail' });
    expect(attributesOf(id)).toMatchObject({
      ...{ cpuConsumptionTime: 9, modificationTime: '2025-06-01T12:00:30', stateChangeTime: '2025-06-01T12:00:20' },
    });
    expect(jobs.view.jobText(id, 'stdout')).toBe('tail');
    jobs.wait(10);
    expect(report(id, 'finished', { job_output_report: reportOf(id), meta_data: '{"a":1}', n_events: 5 })).toBe('NULL');
    expect(statusOf(id)).toBe('holding');
    expect(attributesOf(id)).toMatchObject({ nEvents: 5, endTime: '2025-06-01T12:00:40' });
    expect(jobs.view.reportedJobs(10).map(({ pandaId }) => pandaId)).toEqual([id]);
    expect([jobs.job(id).report, jobs.view.jobText(id, 'report')]).toEqual([reportOf(id), undefined]);
    jobs.wait(1);
    add(id);
    expect(attributesOf(id)).toMatchObject({
      ...{ jobStatus: 'finished', nOutputDataFiles: 1, outputFileBytes: 1_024, endTime: '2025-06-01T12:00:40' },
      ...{ nEvents: 5, jobDispatcherErrorDiag: null },
    });
    expect(filesOf(id)).toEqual(['input ready', 'output finished', 'log finished']);
    expect(jobs.job(id).files[1]).toMatchObject({ GUID: 'G1', fsize: 1_024, checksum: 'ad:0a1b2c3d' });
    expect(jobs.view.jobText(id, 'metadata')).toBe('{"a":1}');
    expect(jobs.view.reportedJobs(10)).toEqual([]);
  });

  it('hears a repeated final report without effect, before and after the adder', () => {
    const id = sent();
    report(id, 'running');
    const fields = { job_output_report: reportOf(id) };
    expect(report(id, 'finished', fields)).toBe('NULL');
    const decide = () =>
      updateJob(
        jobs.view,
        { job_id: id, job_status: 'finished', attempt_nr: 1, fields: { job_output_report: '{}' } },
        jobs.nowMicros,
      );
    expect(decide()).toEqual({ events: [], reply: { command: 'alreadydone' } });
    expect(report(id, 'failed')).toBe('alreadydone');
    add(id);
    expect(statusOf(id)).toBe('finished');
    expect(decide()).toEqual({ events: [], reply: { command: 'alreadydone' } });
    add(id);
    expect(statusOf(id)).toBe('finished');
  });

  it('finishes with a report that is too long for one event', () => {
    const id = sent();
    report(id, 'running');
    const surl = 'x'.repeat(100_000);
    report(id, 'finished', { job_output_report: reportOf(id, { other: { surl } }) });
    expect([jobs.job(id).report, jobs.view.jobText(id, 'report')?.includes(surl)]).toEqual([undefined, true]);
    add(id);
    expect([statusOf(id), filesOf(id)[1]]).toEqual(['finished', 'output finished']);
  });

  it('is held by its pilot, and finishes after its recovery', () => {
    const id = sent();
    report(id, 'running');
    report(id, 'holding');
    expect(attributesOf(id).jobDispatcherErrorDiag).toBe('set to holding by the pilot at 2025-06-01 12:00:00');
    expect(report(id, 'running')).toBe('NULL');
    expect(statusOf(id)).toBe('holding');
    report(id, 'finished', { job_output_report: reportOf(id) });
    add(id);
    expect(statusOf(id)).toBe('finished');
  });

  it.each([
    ['an unreadable report', '{', 'Could not get GUID/LFN/MD5/FSIZE/SURL from pilot JSON'],
    ['an empty report', '', 'Could not get GUID/LFN/MD5/FSIZE/SURL from pilot JSON'],
    ['a report of nothing', '{}', 'Could not get GUID/LFN/MD5/FSIZE/SURL from pilot JSON'],
    ['a report without the log', '{"out.1":{"guid":"G"}}', 'expected output log.1 is missing in pilot JSON'],
  ])('that finished fails with %s', (_, text, diagnostic) => {
    const id = sent();
    end(id, 'finished', { job_output_report: text });
    expect(attributesOf(id)).toMatchObject({ jobStatus: 'failed', ddmErrorCode: 200, ddmErrorDiag: diagnostic });
    expect(filesOf(id)).toEqual(['input ready', 'output failed', 'log failed']);
  });

  it('without outputs finishes without a report', () => {
    const id = sent({ files: () => [] });
    end(id, 'finished');
    expect(statusOf(id)).toBe('finished');
  });

  it.each([
    ['user', 'skipped'],
    ['managed', 'failed'],
  ])('of label %s has inputs that its report names: %s', (label, status) => {
    const id = sent({ label });
    end(id, 'finished', { job_output_report: reportOf(id, { 'in.root': {} }) });
    expect([statusOf(id), filesOf(id)[0]]).toEqual(['finished', `input ${status}`]);
  });

  it('that failed keeps its log only', () => {
    const id = sent();
    const errors = { pilot_error_code: 1099, pilot_error_diag: 'Failed to stage-in file', trans_exit_code: 65 };
    end(id, 'failed', { job_output_report: reportOf(id), ...errors });
    expect(attributesOf(id)).toMatchObject({ jobStatus: 'failed', pilotErrorCode: 1_099, transExitCode: '65' });
    expect(filesOf(id)).toEqual(['input ready', 'output failed', 'log finished']);
  });

  it('closed by its pilot is closed', () => {
    const id = sent();
    end(id, 'failed', { job_sub_status: 'pilot_closed' });
    expect(attributesOf(id)).toMatchObject({
      ...{ jobStatus: 'closed', jobSubStatus: 'pilot_closed', taskBufferErrorCode: 100 },
      taskBufferErrorDiag: 'closed by the pilot',
    });
  });

  it('refuses a report from another batch job', () => {
    const id = sent();
    report(id, 'running', { batch_id: 'b.1' });
    expect(report(id, 'running', { batch_id: 'b.2', max_rss: 5 })).toBe('tobekilled');
    expect(attributesOf(id)).toMatchObject({
      ...{ batchID: 'b.1', maxRSS: null, supErrorCode: 1 },
      supErrorDiag: 'got an update request with invalid batchID=b.2',
    });
    expect(report(id, 'running', { batch_id: 'b.1' })).toBe('NULL');
  });

  it('is refused a status that does not exist', () => {
    expect(() => report(sent(), 'happy')).toThrow('Invalid job status: happy');
  });

  describe('without a task', () => {
    const retried = (id: number): number =>
      Number(/new PandaID=(\d+)/u.exec(attributesOf(id).taskBufferErrorDiag ?? '')?.[1]);

    it.each([
      ['a wish of its pilot', { maxAttempt: 3 }, { pilot_error_code: -1 }, true],
      ['a wish without attempts', { maxAttempt: 1 }, { pilot_error_code: -1 }, false],
      ['a kill from outside', { maxAttempt: 1 }, { pilot_error_code: 1200 }, true],
      ['a kill from outside, again', { maxAttempt: 5, attemptNr: 2 }, { pilot_error_code: 1201 }, false],
      ['another error', { maxAttempt: 3 }, { pilot_error_code: 1099 }, false],
    ])('is retried after %s', (_, set, fields, expected) => {
      const id = sent({ set, site: 'SITE_A' });
      report(id, 'running', {}, null);
      report(id, 'failed', fields, null);
      add(id);
      expect(statusOf(id)).toBe('failed');
      if (!expected) {
        expect(attributesOf(id).taskBufferErrorCode).toBe(0);
        return;
      }
      const next = jobs.job(retried(id));
      expect(attributesOf(id).taskBufferErrorCode).toBe(107);
      expect(next.attributes).toMatchObject({
        ...{ jobStatus: 'activated', parentID: id, attemptNr: 2, currentPriority: 990, pilotErrorCode: 0 },
        ...{ computingSite: 'SITE_A', prodSourceLabel: 'user', startTime: null, jobParameters: 'run' },
      });
      expect(next.files.map(({ lfn }) => lfn)).toEqual(['in.root', `out.${id}.2`, `log.${id}.2`]);
    });

    it('names its outputs by the attempt, on its command line too', () => {
      const files: readonly JobFile[] = [
        { row_ID: 1, type: 'input', lfn: 'run.0001', status: 'ready' },
        { row_ID: 2, type: 'output', lfn: 'out.0001', status: 'unknown' },
        { row_ID: 3, type: 'output', lfn: 'out.0002', status: 'unknown' },
      ];
      const jobParameters = `-i run.0001 -o "{'a': 'out.0001','b':'out.0002'}" -p "cat%20out.0001%20a.out.0001"`;
      let id = sent({ set: { maxAttempt: 3, attemptNr: 0, jobParameters }, files: () => files, site: 'SITE_A' });
      for (const attempt of [1, 2]) {
        report(id, 'running', {}, null);
        report(id, 'failed', { pilot_error_code: -1 }, null);
        add(id);
        const next = jobs.job(retried(id));
        expect(next.files.map(({ lfn }) => lfn)).toEqual(['run.0001', `out.0001.${attempt}`, `out.0002.${attempt}`]);
        expect(next.attributes.jobParameters).toBe(
          `-i run.0001 -o "{'a': 'out.0001.${attempt}','b':'out.0002.${attempt}'}" -p "cat%20out.0001.${attempt}%20a.out.0001"`,
        );
        id = next.pandaId;
      }
    });
  });

  describe('that is killed', () => {
    const principal: Principal = {
      ...{ dn: '/CN=Demo User', name: 'Demo User', fqans: [], isProduction: false, isPilot: false },
      ...{ workingGroups: [], primaryWorkingGroup: null },
    };
    const kill = (ids: readonly number[], code: number | null = null, who = principal): readonly boolean[] =>
      jobs.do((view, timeMicros) => killRequested(view, { job_ids: ids, code, principal: who, by: who.dn }, timeMicros))
        .killed;

    it('runs on until its pilot obeys, and is cancelled then', () => {
      const id = sent();
      report(id, 'running');
      expect(kill([id])).toEqual([true]);
      expect([report(id, 'running'), report(id, 'running')]).toEqual(['tobekilled', 'tobekilled']);
      expect(attributesOf(id).taskBufferErrorDiag).toBe('killed by /CN=Demo User');
      expect(kill([id])).toEqual([false]);
      expect(kill([id], 9)).toEqual([true]);
      report(id, 'failed', { pilot_error_code: 1200 });
      add(id);
      expect(statusOf(id)).toBe('cancelled');
      expect(kill([id])).toEqual([false]);
    });

    it('finishes if it has finished before', () => {
      const id = sent();
      report(id, 'running');
      kill([id]);
      report(id, 'finished', { job_output_report: reportOf(id) });
      add(id);
      expect(statusOf(id)).toBe('finished');
    });

    it('is cancelled if it says that it has finished, but not what it has made', () => {
      const id = sent();
      report(id, 'running');
      kill([id]);
      report(id, 'finished');
      add(id);
      expect(attributesOf(id)).toMatchObject({ jobStatus: 'cancelled', ddmErrorCode: 200, taskBufferErrorCode: 100 });
    });

    it.each(['defined', 'assigned', 'activated', 'throttled', 'sent', 'starting', 'holding', 'merging'] as const)(
      'while %s ends at once, and its pilot is told to end',
      (status) => {
        const [id = 0] = jobs.create(1, { status, files: FILES });
        expect(kill([id])).toEqual([true]);
        expect(statusOf(id)).toBe('cancelled');
        expect(filesOf(id).slice(1)).toEqual(['output failed', 'log failed']);
        expect(report(id, 'running')).toBe('tobekilled');
      },
    );

    it('is not finalized when it was killed before the adder came', () => {
      const id = sent();
      report(id, 'running');
      report(id, 'finished', { job_output_report: reportOf(id) });
      expect(kill([id])).toEqual([true]);
      expect([statusOf(id), jobs.view.reportedJobs(10)]).toEqual(['cancelled', []]);
      add(id);
      expect(statusOf(id)).toBe('cancelled');
    });

    it('answers for each id in their order', () => {
      const [a = 0, b = 0] = jobs.create(2);
      const [c = 0] = jobs.create(1, { needs: { user: 'Other' } });
      expect(kill([99, b, c, a, b])).toEqual([false, true, false, true, false]);
    });

    it('is marked by code 7 when it has failed', () => {
      const id = sent();
      end(id, 'failed');
      expect(kill([id], 7)).toEqual([true]);
      expect(attributesOf(id)).toMatchObject({
        ...{ jobStatus: 'failed', taskBufferErrorCode: 106 },
        taskBufferErrorDiag: 'retrying at another site. new /CN=Demo User',
      });
    });
  });

  describe('that nobody hears of', () => {
    const TIMEOUTS: JobTimeouts = {
      ...{ sent: 1_800, heartbeat: 7_200, holdingFirst: 10_800, holding: 172_800, transferring: 100_000 },
      recovery: 50_000,
    };
    const watch = (id: number): void =>
      void jobs.do((view, timeMicros) => {
        const [found] = view
          .unmodifiedJobs(jobs.job(id).status, timeMicros, { limit: 10 })
          .filter(({ pandaId }) => pandaId === id);
        return found === undefined ? { events: [], reply: {} } : endLostJob(view, found, TIMEOUTS, timeMicros);
      });
    const HOLDING = 'timeout in holding : last heartbeat at 2025-06-01 12:00:00';

    it.each([
      ['sent', 'user', 1_800, 102, "Sent job didn't receive reply from pilot within 30 min", {}],
      ['starting', 'user', 7_200, 100, 'lost heartbeat : 2025-06-01 12:00:00', {}],
      ['running', 'user', 7_200, 100, 'lost heartbeat : 2025-06-01 12:00:00', {}],
      ['holding', 'user', 10_800, 103, HOLDING, {}],
      ['holding', 'managed', 172_800, 103, HOLDING, { priority: 800 }],
      ['holding', 'managed', 10_800, 103, HOLDING, { priority: 801 }],
      ['holding', 'managed', 50_000, 101, 'job recovery failed for 13 hours', { priority: 1, error: 1150 }],
      ['transferring', 'user', 100_000, 104, 'timeout in transferring : last heartbeat at 2025-06-01 12:00:00', {}],
    ] as const)('%s, label %s, fails after %i s', (status, label, seconds, code, diagnostic, more) => {
      const id = sent({ label, ...('priority' in more && { priority: more.priority }) });
      if (status !== 'sent') report(id, status === 'holding' || status === 'transferring' ? 'running' : status);
      if (status === 'holding' || status === 'transferring') {
        report(id, status, 'error' in more ? { pilot_error_code: more.error } : {});
      }
      jobs.wait(seconds - 1);
      watch(id);
      expect(statusOf(id)).toBe(status);
      jobs.wait(2);
      watch(id);
      expect(attributesOf(id)).toMatchObject({
        ...{ jobStatus: 'failed', jobDispatcherErrorCode: code, jobDispatcherErrorDiag: diagnostic },
        endTime: '2025-06-01T12:00:00',
      });
      expect(report(id, 'running')).toBe('tobekilled');
    });

    it('is left to the adder when it has reported its end', () => {
      const id = sent();
      report(id, 'running');
      report(id, 'finished');
      jobs.wait(1_000_000);
      watch(id);
      expect(statusOf(id)).toBe('holding');
    });
  });
});
