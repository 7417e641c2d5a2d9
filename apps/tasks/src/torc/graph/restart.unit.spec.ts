import { WORKFLOW, WorkflowSpec } from '../testing/workflow-spec.js';
import { restartJobs } from './restart.js';

const restart = (spec: WorkflowSpec, names: string, options: { initialize?: boolean; dry_run?: boolean } = {}) => {
  const jobs = names.split(' ').map((name) => spec.keyOf(name));
  const request = { workflow: WORKFLOW, jobs, initialize: true, dry_run: false, ...options };
  const { reply, error } = spec.when((view, now) => restartJobs(view, request, now));
  const named = (keys: readonly string[] = []) => keys.map((key) => spec.nameOf(key)).join(' ');
  return error === undefined ? [named(reply?.keys), named(reply?.running)] : error.kind;
};

/** B of A→B→C has failed while D of D→E runs. */
const failed = (): WorkflowSpec => {
  const spec = new WorkflowSpec().jobs('A B C D E').edges('blocks', 'A>B B>C D>E');
  spec.initialize();
  spec.complete('A');
  spec.complete('B', 1);
  return spec.set('D', 'submitted');
};

describe('a restart of some jobs', () => {
  it('lets them run again in the same run, while others run on', () => {
    const spec = failed();
    const revision = spec.rev('D');
    expect(restart(spec, 'B')).toEqual(['B C', '']);
    expect(spec.statuses('A B C D E')).toBe('A done, B ready, C blocked, D submitted, E blocked');
    expect(spec.rev('D')).toBe(revision);
    spec.complete('B');
    expect(spec.statuses('C')).toBe('C ready');
    expect(spec.documentsOf('results').map((result) => result['return_code'])).toEqual([0, 1, 0]);
  });

  it('tells in a dry run what it would do', () => {
    const spec = failed();
    expect(restart(spec, 'B', { dry_run: true })).toEqual(['B C', '']);
    expect(restart(spec, 'A D', { dry_run: true })).toEqual(['A B C D E', 'D']);
    expect(spec.statuses('A B C D E')).toBe('A done, B done, C canceled, D submitted, E blocked');
  });

  it('is refused for jobs that run, also behind a chosen one', () => {
    const spec = failed();
    expect(restart(spec, 'B D')).toBe('state');
    expect(restart(spec.set('C', 'submitted_pending'), 'B')).toBe('state');
    expect(spec.statuses('B')).toBe('B done');
  });

  it('only resets them if so wished', () => {
    const spec = failed();
    expect(restart(spec, 'B', { initialize: false })).toEqual(['B C', '']);
    expect(spec.statuses('A B C')).toBe('A done, B uninitialized, C uninitialized');
    expect(restart(spec, 'B', { initialize: false })).toEqual(['', '']);
  });

  it('takes blockers with it that were canceled because nobody wanted their output', () => {
    const spec = new WorkflowSpec().jobs('A B D').edges('blocks', 'A>D B>D');
    spec.initialize();
    spec.complete('A', 1);
    expect(restart(spec, 'A')).toEqual(['A B D', '']);
    expect(spec.statuses('A B D')).toBe('A ready, B ready, D blocked');
  });

  it('leaves disabled jobs alone unless they are chosen, and goes through them', () => {
    const given = (): WorkflowSpec => {
      const spec = new WorkflowSpec().jobs('A B C').edges('blocks', 'A>B B>C');
      return spec.set('A C', 'done').set('B', 'disabled');
    };
    const spec = given();
    expect(restart(spec, 'A')).toEqual(['A C', '']);
    expect(spec.statuses('A B C')).toBe('A ready, B disabled, C blocked');
    const other = given();
    restart(other, 'B');
    expect(other.statuses('A B C')).toBe('A done, B ready, C blocked');
  });

  it('starts the counts of retries again', () => {
    const handler = { rules: [{ max_retries: 1, delay_seconds: 0 }] };
    const spec = new WorkflowSpec().jobs('A', { status: 'ready', fields: { failure_handler: handler } });
    spec.complete('A', 1);
    spec.complete('A', 1);
    expect(spec.statuses('A')).toBe('A done');
    restart(spec, 'A');
    spec.complete('A', 1);
    expect(spec.statuses('A')).toBe('A ready');
  });

  it('knows its jobs', () => {
    const spec = failed();
    const request = { workflow: WORKFLOW, jobs: ['999'], initialize: true, dry_run: true };
    expect(spec.when((view, now) => restartJobs(view, request, now)).error?.kind).toBe('not-found');
    const jobs = [`jobs__${WORKFLOW}/${spec.keyOf('E')}`];
    expect(spec.when((view, now) => restartJobs(view, { ...request, jobs }, now)).reply?.keys).toEqual([
      spec.keyOf('E'),
    ]);
  });
});
