import { WORKFLOW, WorkflowSpec } from '../testing/workflow-spec.js';
import { resetJobs, resetStatus } from './reset.js';

const resetFailed = (spec: WorkflowSpec) =>
  spec.when((view, now) => resetJobs(view, { workflow: WORKFLOW, failed_only: true }, now));

describe('reset_job_status of failed jobs', () => {
  it('looks at the newest result of the current run, and passes over disabled jobs', () => {
    const spec = new WorkflowSpec().jobs('A B C D E').edges('blocks', 'A>B B>C').set('A B C D E', 'done');
    const result = (name: string, run_id: number, return_code: number) =>
      spec.document('results', `${name} ${run_id} ${return_code}`, { job_key: spec.keyOf(name), run_id, return_code });
    result('A', 1, 0);
    result('A', 1, 5);
    result('D', 1, 5);
    result('D', 1, 0);
    result('E', 7, 5);
    spec.set('B', 'disabled');
    resetFailed(spec);
    expect(spec.statuses('A B C D E')).toBe('A uninitialized, B disabled, C uninitialized, D done, E done');
    resetFailed(spec.set('C', 'disabled'));
    expect(spec.statuses('A B C')).toBe('A uninitialized, B disabled, C disabled');
  });

  it('takes what was canceled without a result too (D25)', () => {
    const spec = new WorkflowSpec().jobs('A B D').edges('blocks', 'A>D B>D');
    spec.initialize();
    spec.complete('A', 1);
    expect(spec.statuses('B D')).toBe('B canceled, D canceled');
    resetFailed(spec);
    expect(spec.statuses('A B D')).toBe('A uninitialized, B uninitialized, D uninitialized');
  });

  it('refuses archived workflows', () => {
    const spec = new WorkflowSpec().jobs('A', { status: 'done' }).part('workflow', { is_archived: true });
    const refused = [resetFailed(spec), spec.initialize(), spec.when((view, now) => resetStatus(view, WORKFLOW, now))];
    expect(refused.map(({ error }) => error?.kind)).toEqual(['state', 'state', 'state']);
  });
});

describe('reset_status', () => {
  it('keeps the run, and everything that is not named', () => {
    const spec = new WorkflowSpec().part('status', { run_id: 4, is_canceled: true, other: 1 });
    spec.part('status', { auto_tune_status: { enabled: true, job_keys: ['1'] } });
    spec.when((view, now) => resetStatus(view, WORKFLOW, now));
    expect(JSON.parse(spec.workflow.status)).toEqual({
      ...{ run_id: 4, is_canceled: false, other: 1, auto_tune_status: { enabled: false, job_keys: [] } },
      ...{ has_detected_need_to_run_completion_script: false, scheduled_compute_node_ids: [] },
    });
  });
});
