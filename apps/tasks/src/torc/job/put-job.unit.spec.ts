import { WORKFLOW, WorkflowSpec } from '../testing/workflow-spec.js';
import { putJob } from './put-job.js';

const put = (spec: WorkflowSpec, fields: object, options: { readonly rev?: string; readonly digest?: string } = {}) =>
  spec.when((view) => {
    const { rev = spec.rev('A'), digest = JSON.stringify(fields) } = options;
    const request = { workflow: WORKFLOW, key: spec.keyOf('A'), rev, request_digest: digest };
    return putJob(view, { ...request, fields: JSON.stringify(fields) });
  });

describe('PUT of a job', () => {
  it('keeps what the server has filled in, unless it is sent (D22)', () => {
    const spec = new WorkflowSpec().jobs('A').document('resource_requirements', 'r', { num_cpus: 4 });
    spec.edges('requires', 'A>r').initialize();
    const { requirements } = spec.job('A').unit;
    expect(requirements).toContain('"num_cpus":4');
    put(spec, { command: 'other', status: 'ready' });
    expect(spec.job('A').unit.requirements).toBe(requirements);
    const internal = { memory_bytes: 0, num_cpus: 7, num_gpus: 0, num_nodes: 0, runtime_seconds: 1.5 };
    const { reply } = put(spec, { internal: { ...internal, scheduler_config_id: 'local_schedulers__97/1', hash: -5 } });
    const { inputHash, unit } = spec.job('A');
    expect([JSON.parse(unit.requirements), inputHash, unit.site]).toEqual([internal, -5, 'local_schedulers__97/1']);
    expect(JSON.parse(reply?.document ?? '')).toMatchObject({
      command: 'other',
      status: 'ready',
      internal: { ...internal, hash: -5 },
      _rev: spec.rev('A'),
    });
  });

  it('may set any status, with no effect on other jobs', () => {
    const spec = new WorkflowSpec().jobs('A B').edges('blocks', 'A>B');
    spec.initialize();
    put(spec, { status: 'done' });
    expect(spec.statuses('A B')).toBe('A done, B blocked');
    put(spec, { status: 'disabled' });
    expect(spec.statuses('A B')).toBe('A disabled, B blocked');
  });

  it('is checked against the revision, and a repeat writes nothing', () => {
    const spec = new WorkflowSpec().jobs('A');
    const rev = spec.rev('A');
    const first = put(spec, { name: 'n' }, { rev });
    const again = put(spec, { name: 'n' }, { rev });
    expect([again.events, again.reply]).toEqual([[], first.reply]);
    expect(put(spec, { name: 'n' }, { rev, digest: 'from another address' }).error?.kind).toBe('conflict');
  });
});
