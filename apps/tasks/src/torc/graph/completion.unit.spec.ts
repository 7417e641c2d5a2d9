import { WORKFLOW, WorkflowSpec } from '../testing/workflow-spec.js';
import { checkCompletion, readCompletion, settleCompletionScript } from './completion.js';
import { resetStatus } from './reset.js';

const withScript = (): WorkflowSpec =>
  new WorkflowSpec().jobs('A', { status: 'done' }).part('config', { workflow_completion_script: 'bash end.sh' });

const ask = (spec: WorkflowSpec, handOut: string): boolean => {
  const read = readCompletion(spec.view, WORKFLOW, spec.nowMicros + 1_000_000);
  const { reply, events } = spec.when((view, now) => checkCompletion(view, WORKFLOW, handOut, now));
  // The cheap read leaves exactly the calls that write to the mailbox.
  expect(read === undefined).toBe(events.length > 0);
  return reply?.needs_to_run_completion_script ?? false;
};

const settle = (spec: WorkflowSpec, hand_out: string, has_arrived: boolean): void => {
  const request = { workflow: WORKFLOW, hand_out, has_arrived };
  spec.when((view, now) => settleCompletionScript(view, request, now));
};

const flag = (spec: WorkflowSpec): unknown =>
  (JSON.parse(spec.workflow.status) as Record<string, unknown>)['has_detected_need_to_run_completion_script'];

describe('is_complete', () => {
  it.each([
    [
      'a job that is not complete',
      new WorkflowSpec().jobs('A', { status: 'done' }).jobs('B', { status: 'blocked' }),
      false,
    ],
    ['only complete and disabled jobs', withScript().jobs('B', { status: 'disabled' }), true],
    ['no jobs', new WorkflowSpec(), true],
  ])('with %s', (_, spec, isComplete) => {
    expect(spec.when((view, now) => checkCompletion(view, WORKFLOW, 'h', now)).reply).toMatchObject({
      is_complete: isComplete,
    });
  });

  it('hands the completion script to one caller', () => {
    const spec = withScript();
    expect([ask(spec, 'first'), ask(spec, 'second'), flag(spec)]).toEqual([true, false, true]);
    settle(spec, 'first', true);
    expect([ask(spec.pass(60_000_000), 'third'), flag(spec)]).toEqual([false, true]);
  });

  it('tells other callers to wait until it is known whether the answer has arrived', () => {
    const spec = withScript();
    expect(ask(spec, 'first')).toBe(true);
    const others = () => spec.when((view, now) => checkCompletion(view, WORKFLOW, 'h', now)).reply;
    expect(others()).toMatchObject({ needs_to_run_completion_script: false, is_unsettled: true });
    settle(spec, 'first', true);
    expect(others()).not.toHaveProperty('is_unsettled');
  });

  it('hands it to nobody without a script, before the end, or after a cancel', () => {
    expect(ask(new WorkflowSpec().jobs('A', { status: 'done' }), 'h')).toBe(false);
    expect(ask(withScript().jobs('B'), 'h')).toBe(false);
    expect(ask(withScript().part('status', { is_canceled: true }), 'h')).toBe(false);
  });

  it('hands it out again when the answer was lost, three times at most until the status is reset', () => {
    const spec = withScript();
    for (const handOut of ['1', '2', '3', '4']) {
      expect(ask(spec, handOut)).toBe(true);
      settle(spec, handOut, false);
    }
    expect([ask(spec, '5'), flag(spec)]).toEqual([false, true]);
    spec.when((view, now) => resetStatus(view, WORKFLOW, now));
    expect(ask(spec, '6')).toBe(true);
  });

  it('counts a hand-out as lost that nobody settles', () => {
    const spec = withScript();
    expect(ask(spec, 'first')).toBe(true);
    expect(ask(spec.pass(8_000_000), 'second')).toBe(false);
    expect(ask(spec.pass(2_000_000), 'third')).toBe(true);
    // News about the first come too late.
    settle(spec, 'first', false);
    expect([flag(spec), spec.workflow.handOut]).toMatchObject([true, { id: 'third', lost: 1, isSettled: false }]);
    for (const handOut of ['4', '5']) expect(ask(spec.pass(11_000_000), handOut)).toBe(true);
    expect(ask(spec.pass(11_000_000), '6')).toBe(false);
  });
});
