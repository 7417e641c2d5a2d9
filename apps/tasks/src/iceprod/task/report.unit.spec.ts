import type { ReportTaskRequest } from '#contracts/iceprod/tasks.js';
import { TASK_STATUSES } from '#contracts/iceprod/statuses.js';
import { raiseLimits } from '../requirement-raise.js';
import { reportTask } from './report.js';
import { NOW_MICROS, TaskSpec } from './testing/task-spec.js';

const reported = (spec: TaskSpec, request: Partial<ReportTaskRequest> & Pick<ReportTaskRequest, 'report'>) =>
  spec.when((view) => reportTask(view, { task_id: 't', ...request }, raiseLimits([])));

const FROM = {
  processing: ['queued'],
  reset: ['idle', 'queued', 'processing', 'suspended', 'failed'],
  failed: ['queued', 'processing'],
  complete: ['queued', 'processing'],
} as const;
const TO = { processing: 'processing', reset: 'waiting', failed: 'failed', complete: 'complete' } as const;

describe('a report', () => {
  it.each(
    (['processing', 'reset', 'failed', 'complete'] as const).flatMap((report) =>
      TASK_STATUSES.map((s) => [report, s] as const),
    ),
  )('%s about a task that is %s', (report, status) => {
    const spec = new TaskSpec().given('t', { status, leaseId: 'i' });
    const { error, events } = reported(spec, { report, instance_id: 'i' });
    if ((FROM[report] as readonly string[]).includes(status)) {
      expect(error).toBeUndefined();
      expect(spec.task('t')).toMatchObject({ status: TO[report], changedMicros: NOW_MICROS });
    } else {
      // The task already has the status: success without a change. Other statuses are refused.
      expect(error).toBe(status === TO[report] ? undefined : 'Bad state transition for status');
      expect(events).toEqual([]);
    }
  });

  it('answers with the document as it was before', () => {
    const spec = new TaskSpec().given('t', { status: 'queued', leaseId: 'i' });
    const { reply } = reported(spec, { report: 'complete', instance_id: 'i' });
    expect(JSON.parse((reply as { document: string }).document)).toMatchObject({ status: 'queued', instance_id: 'i' });
  });

  it('of the start keeps the lease and stores the site', () => {
    const spec = new TaskSpec().given('t', { status: 'queued', leaseId: 'i', site: 'old' });
    reported(spec, { report: 'processing', instance_id: 'i', site: 'new' });
    expect(spec.task('t')).toMatchObject({ leaseId: 'i', site: 'new' });
  });

  it('of completion overwrites the walltime and ends the lease', () => {
    const spec = new TaskSpec().given('t', { status: 'processing', leaseId: 'i', walltimeHours: 9 });
    reported(spec, { report: 'complete', instance_id: 'i', time_used: 5400, site: 'S' });
    expect(spec.task('t')).toMatchObject({ walltimeHours: 1.5, leaseId: '', site: 'S', failures: 0 });
  });

  it('of completion without a time keeps the walltime', () => {
    const spec = new TaskSpec().given('t', { status: 'processing', leaseId: 'i', walltimeHours: 9 });
    reported(spec, { report: 'complete', instance_id: 'i' });
    expect(spec.task('t').walltimeHours).toBe(9);
  });

  it('of a failure adds to the walltimes and raises the requirements', () => {
    const given = { status: 'processing', leaseId: 'i', walltimeErrHours: 1, walltimeErrCount: 1, failures: 2 };
    const spec = new TaskSpec().given('t', { ...given, requirements: '{"memory":5.6,"gpu":1}' });
    const resources = '{"time":2.5,"memory":3.5,"disk":20.3,"gpu":23}';
    const { events } = reported(spec, { report: 'failed', instance_id: 'i', resources, reason: 'killed', site: 'S' });
    expect(spec.task('t')).toMatchObject({
      ...{ failures: 3, leaseId: '', walltimeErrHours: 3.5, walltimeErrCount: 2, site: 'S', status: 'failed' },
      requirements: '{"memory":5.6,"gpu":1,"disk":30.450000000000003,"time":3.75}',
    });
    expect(events[0]).toMatchObject({ type: 'UnitFailed', data: { reason: 'killed', resources } });
  });

  it('of a failure takes seconds before measured hours, and counts no unknown time', () => {
    const spec = new TaskSpec().given('t', { status: 'queued', leaseId: 'i' });
    reported(spec, { report: 'reset', instance_id: 'i', time_used: 3600, resources: '{"time":7}' });
    expect(spec.task('t')).toMatchObject({ walltimeErrHours: 1, walltimeErrCount: 1 });
    const other = new TaskSpec().given('t', { status: 'queued', leaseId: 'i' });
    reported(other, { report: 'reset', instance_id: 'i' });
    expect(other.task('t')).toMatchObject({ walltimeErrHours: 0, walltimeErrCount: 0, failures: 1 });
  });

  it('of one failure too many leaves numbers that documents can show', () => {
    const full = {
      walltimeErrHours: 1.7e308,
      walltimeErrCount: Number.MAX_SAFE_INTEGER,
      failures: Number.MAX_SAFE_INTEGER,
    };
    const spec = new TaskSpec().given('t', { status: 'processing', leaseId: 'i', ...full });
    reported(spec, { report: 'failed', instance_id: 'i', resources: '{"time":1.7e308}' });
    expect(spec.task('t')).toMatchObject({
      walltimeErrHours: Number.MAX_VALUE,
      walltimeErrCount: Number.MAX_SAFE_INTEGER,
      failures: Number.MAX_SAFE_INTEGER,
    });
  });

  it('with another lease finds no task', () => {
    const spec = new TaskSpec().given('t', { status: 'queued', leaseId: 'i' });
    expect(reported(spec, { report: 'complete', instance_id: 'other' }).error).toBe('Task not found');
    expect(reported(spec, { report: 'complete', instance_id: '' }).error).toBe('Task not found');
  });

  it('about an unknown task finds no task', () => {
    expect(reported(new TaskSpec(), { report: 'complete', instance_id: 'i' }).error).toBe('Task not found');
    expect(reported(new TaskSpec(), { report: 'complete' }).error).toBe('Task not found');
  });

  describe('without a lease', () => {
    it('is accepted if the task has none', () => {
      const spec = new TaskSpec().given('t', { status: 'processing' });
      expect(reported(spec, { report: 'complete', time_used: 3600 }).error).toBeUndefined();
      expect(spec.task('t')).toMatchObject({ status: 'complete', walltimeHours: 1 });
    });

    it('is refused when the task has one, and always for the start', () => {
      const spec = new TaskSpec().given('t', { status: 'queued', leaseId: 'i' });
      expect(reported(spec, { report: 'complete' }).error).toBe('Missing instance_id in body');
      expect(reported(new TaskSpec(), { report: 'processing' }).error).toBe('Missing instance_id in body');
    });

    it.each([
      ['processing', false, 9, 'waiting'],
      ['processing', false, 10, 'failed'],
      ['processing', true, 0, 'suspended'],
      ['processing', true, 50, 'suspended'],
    ])('resets a task (%s, debug %s, %i failures) to %s', (status, debug, failures, to) => {
      const spec = new TaskSpec().dataset('d', { debug }).given('t', { status, failures });
      reported(spec, { report: 'reset' });
      expect(spec.task('t')).toMatchObject({ status: to, failures: failures + 1 });
    });

    it('is no legacy reset when it names an empty lease', () => {
      const spec = new TaskSpec().given('t', { status: 'processing', failures: 50 });
      reported(spec, { report: 'reset', instance_id: '' });
      expect(spec.task('t').status).toBe('waiting');
    });
  });
});
