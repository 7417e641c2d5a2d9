import type { Unit } from '../../engine/unit.js';
import { WORKFLOW, WorkflowSpec } from '../testing/workflow-spec.js';
import { retryDelay } from './failure-handler.js';
import { resetJobs } from './reset.js';

const claimed = (): WorkflowSpec => {
  const spec = new WorkflowSpec().jobs('A B').edges('blocks', 'A>B');
  spec.initialize();
  spec.claim();
  return spec;
};

const started = (): WorkflowSpec => {
  const spec = claimed();
  spec.start('A');
  return spec;
};

const kindOf = ({ error }: { readonly error: { readonly kind: string } | undefined }) => error?.kind;

describe('start_job', () => {
  it('starts a claimed job, and records worker and event', () => {
    const spec = claimed();
    const before = spec.rev('A');
    const { reply, events } = spec.start('A');
    expect(events).toHaveLength(1);
    expect(JSON.parse(reply?.document ?? '')).toMatchObject({ status: 'submitted', _rev: spec.rev('A') });
    expect(spec.rev('A')).not.toBe(before);
    expect(spec.pairs('executed')).toEqual(['node>A']);
    expect([...spec.view.edges(spec.workflow, 'executed')].map(({ data }) => data)).toEqual(['{"run_id":1}']);
    const key = spec.keyOf('A');
    expect(spec.documentsOf('events')).toEqual([
      {
        ...{ category: 'job', type: 'start', job_key: key, job_name: 'A', node_name: 'node-07' },
        ...{ message: `Started job ${key}`, timestamp: expect.any(Number) as number },
      },
    ]);
  });

  it('answers a repeat with the job as it is, and writes nothing', () => {
    const spec = claimed();
    const request = { rev: spec.rev('A'), request_digest: 'the same' };
    spec.start('A', request);
    const { reply, events } = spec.start('A', request);
    expect([events, (JSON.parse(reply?.document ?? '') as { _rev: string })._rev]).toEqual([[], spec.rev('A')]);
    spec.set('A', 'ready');
    expect(kindOf(spec.start('A', request))).toBe('state');
  });

  // The order of checks is visible (contract 5.4).
  it.each([
    ['an unknown workflow', { workflow: '1' }, 'not-found'],
    ['an unknown job', { key: '999' }, 'not-found'],
    ['an unknown compute node', { compute_node: '999' }, 'not-found'],
    ['an old revision', { rev: '1-1', run_id: 7 }, 'conflict'],
    ['another run', { run_id: 7 }, 'state'],
  ])('refuses %s', (_, options, kind) => expect(kindOf(claimed().start('A', options))).toBe(kind));

  it('looks at the status before the revision', () => {
    const spec = claimed();
    spec.set('A', 'ready');
    expect(kindOf(spec.start('A', { rev: '1-1' }))).toBe('state');
  });
});

describe('complete_job', () => {
  it('stores the result, and tells about it', () => {
    const spec = started();
    const { reply } = spec.complete('A', 3);
    expect(JSON.parse(reply?.document ?? '')).toMatchObject({
      ...{ status: 'done', _rev: spec.rev('A'), internal: { hash: spec.job('A').inputHash } },
    });
    expect(spec.job('A')).toMatchObject({ outcome: 'failed', resultRunId: 1 });
    expect(spec.documentsOf('results')).toMatchObject([{ return_code: 3, job_key: spec.keyOf('A'), run_id: 1 }]);
    expect([...spec.view.ends(spec.workflow, 'returned')].map(([from]) => from)).toEqual([spec.at('A')]);
    const message = `Completed job ${spec.keyOf('A')} status=done return_code=3`;
    expect(spec.documentsOf('events')[1]).toMatchObject({ category: 'job', type: 'complete', job_name: 'A', message });
  });

  it('gives events of one workflow strictly increasing times', () => {
    const spec = started();
    spec.pass(-60_000_000).complete('A');
    const [first, second] = spec.documentsOf('events').map((event) => Number(event['timestamp']));
    expect(second).toBe((first ?? 0) + 1);
  });

  it('answers a repeat with the job as it is, and writes nothing, also after a reset', () => {
    const spec = started();
    const request = { rev: spec.rev('A'), request_digest: 'the same' };
    spec.complete('A', 0, 'done', request);
    expect(spec.complete('A', 0, 'done', request).events).toEqual([]);
    spec.set('A', 'ready');
    const { events, reply } = spec.complete('A', 0, 'done', request);
    expect([events, JSON.parse(reply?.document ?? '')]).toMatchObject([[], { status: 'ready' }]);
  });

  it.each([
    ['an unknown workflow', { workflow: '1' }, 'not-found'],
    ['an unknown job', { key: '999' }, 'not-found'],
    ['an unknown compute node', { compute_node: '999' }, 'not-found'],
    ['a status that is not final', { status: 'ready' }, 'invalid'],
    ['an old revision', { rev: '1-1', run_id: 7 }, 'conflict'],
    ['another run', { run_id: 7 }, 'state'],
    ['a result of another run', { result: '{"job_key":"1","run_id":7,"return_code":0}' }, 'state'],
    ['a result of another job', { result: '{"job_key":"999","run_id":1,"return_code":0}' }, 'invalid'],
  ])('refuses %s', (_, options, kind) => expect(kindOf(started().complete('A', 0, 'done', options))).toBe(kind));

  it('refuses a second result of the same end, but not of another attempt in the same run (D38)', () => {
    const spec = started();
    spec.complete('A');
    expect(kindOf(spec.complete('A'))).toBe('state');
    spec.set('A', 'uninitialized').initialize();
    expect(spec.complete('A', 1).error).toBeUndefined();
    expect(spec.documentsOf('results')).toMatchObject([{ return_code: 0 }, { return_code: 1 }]);
  });

  it('takes a result of what was canceled, and releases nobody by it', () => {
    const spec = new WorkflowSpec().jobs('A B').edges('blocks', 'A>B').set('A', 'canceled').set('B', 'blocked');
    spec.complete('A', -9, 'canceled');
    expect([spec.statuses('A B'), spec.documentsOf('results').length]).toEqual(['A canceled, B blocked', 1]);
    const other = new WorkflowSpec().jobs('A B').edges('blocks', 'A>B').set('A', 'canceled').set('B', 'blocked');
    // A late success of what was canceled: it was complete before, so that dependents stay as they are.
    other.complete('A', 0);
    expect(other.statuses('A B')).toBe('A done, B blocked');
  });

  it('releases all dependents at once', () => {
    const names = Array.from({ length: 300 }, (_, at) => `d${at}`);
    const spec = new WorkflowSpec().jobs('A').jobs(names.join(' '), { status: 'blocked' });
    spec.edges('blocks', names.map((name) => `A>${name}`).join(' '));
    const { events } = spec.complete('A');
    expect(events.map(({ type, data }) => [type, (data as { units: unknown }).units])).toEqual([
      ['UnitSucceeded', [[spec.at('A'), spec.at('A')]]],
      ['UnitsMoved', [[spec.at('d0'), spec.at('d299')]]],
    ]);
  });

  describe('of a job with a failure handler', () => {
    const retried = (...rules: object[]): WorkflowSpec => {
      const spec = new WorkflowSpec().jobs('A', { status: 'ready', fields: { failure_handler: { rules } } });
      return spec.jobs('B', { status: 'blocked' }).edges('blocks', 'A>B');
    };
    const attempt = (spec: WorkflowSpec, code: number): string => {
      spec.claim();
      spec.start('A');
      const { reply } = spec.complete('A', code);
      expect((JSON.parse(reply?.document ?? '') as { _rev: string })._rev).toBe(spec.rev('A'));
      return spec.statuses('A B');
    };

    it('makes it ready again in the same run until its retries are used up', () => {
      const spec = retried({ exit_codes: [7], max_retries: 2, delay_seconds: 0 });
      expect([7, 7, 7].map((code) => attempt(spec, code))).toEqual([
        ...['A ready, B blocked', 'A ready, B blocked', 'A done, B canceled'],
      ]);
      expect(spec.documentsOf('results').map((result) => result['return_code'])).toEqual([7, 7, 7]);
      expect(spec.documentsOf('events')).toHaveLength(6);
      // What is reset has all its retries again.
      spec.when((view, now) => resetJobs(view, { workflow: WORKFLOW, failed_only: true }, now));
      spec.initialize();
      expect(attempt(spec, 7)).toBe('A ready, B blocked');
    });

    it('lets the first rule decide that names the code, or none', () => {
      const rules = [
        { exit_codes: [1], max_retries: 0, delay_seconds: 0 },
        { max_retries: 1, delay_seconds: 0 },
      ];
      expect(attempt(retried(...rules), 1)).toBe('A done, B canceled');
      expect(attempt(retried(...rules), 2)).toBe('A ready, B blocked');
      expect(attempt(retried(...rules), 0)).toBe('A done, B ready');
      expect(attempt(retried({ exit_codes: [], max_retries: 1, delay_seconds: 0 }), 2)).toBe('A done, B canceled');
    });

    it('lets it wait, twice as long each time', () => {
      const spec = retried({ max_retries: 5, delay_seconds: 60 });
      attempt(spec, 1);
      expect(spec.claim()).toMatch('those that fit wait for a retry');
      expect(spec.pass(55_000_000).claim()).toMatch('wait');
      expect(spec.pass(10_000_000).claim()).toEqual(['A']);
      spec.complete('A', 1);
      expect(spec.pass(110_000_000).claim()).toMatch('wait');
      expect(spec.pass(20_000_000).claim()).toEqual(['A']);
    });

    it('lets it wait a day at most, however often it has failed', () => {
      const waitOf = (seconds: number): number | undefined => {
        const rules = [{ max_retries: 5_000, delay_seconds: seconds }];
        const [unit, document] = [{ failures: 2_000 } as Unit, JSON.stringify({ failure_handler: { rules } })];
        return retryDelay({ unit, document }, 1);
      };
      expect([0, 60].map(waitOf)).toEqual([0, 86_400]);
    });

    it('does not retry what was canceled or terminated', () => {
      const spec = retried({ max_retries: 5, delay_seconds: 0 });
      spec.complete('A', -15, 'terminated');
      expect(spec.statuses('A B')).toBe('A terminated, B canceled');
      const canceled = retried({ max_retries: 5, delay_seconds: 0 }).part('status', { is_canceled: true });
      canceled.complete('A', 1);
      expect(canceled.statuses('A')).toBe('A done');
    });
  });

  it('cancels a job that became ready by the same failure if only canceled jobs want its output', () => {
    const given = (): WorkflowSpec =>
      new WorkflowSpec().jobs('A Z', { status: 'blocked' }).jobs('X', { cancels: false, status: 'blocked' });
    for (const edges of ['A>X A>Z X>Z', 'A>Z A>X X>Z']) {
      const spec = given().edges('blocks', edges);
      spec.complete('A', 1);
      expect(spec.statuses('X Z')).toBe('X canceled, Z canceled');
    }
  });

  it('does the same when it became ready later than what wanted its output was canceled', () => {
    const spec = new WorkflowSpec()
      .jobs('A Z C', { status: 'blocked' })
      .jobs('X', { cancels: false, status: 'blocked' });
    spec.edges('blocks', 'A>Z A>C C>X X>Z');
    spec.complete('A', 1);
    expect(spec.statuses('C X Z')).toBe('C canceled, X canceled, Z canceled');
  });

  it('does not count dependents that were canceled earlier as waiting for an output', () => {
    const spec = new WorkflowSpec().jobs('A B C D').edges('blocks', 'A>C B>C B>D').set('D', 'canceled');
    spec.set('A B', 'ready').set('C', 'blocked').complete('A', 1);
    expect(spec.statuses('B C D')).toBe('B canceled, C canceled, D canceled');
  });
});
