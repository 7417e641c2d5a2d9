import type { PutWorkflowRequest } from '#contracts/torc/workflows.js';
import { WORKFLOW, WorkflowSpec } from '../testing/workflow-spec.js';
import { putWorkflow } from './put-workflow.js';

type Given = Partial<PutWorkflowRequest> & Pick<PutWorkflowRequest, 'part'>;

const put = (spec: WorkflowSpec, request: Given) =>
  spec.when((view) =>
    putWorkflow(view, { workflow: WORKFLOW, key: WORKFLOW, fields: '{}', request_digest: 'd', ...request }),
  );

describe('PUT of a workflow, its config or its status', () => {
  it('sets the fields that it has, and keeps the others', () => {
    const spec = new WorkflowSpec().part('config', {
      worker_startup_script: 'a',
      compute_node_wait_for_new_jobs_seconds: 5,
    });
    const { reply } = put(spec, { part: 'config', fields: '{"worker_startup_script":"b"}', rev: '1-2' });
    expect(JSON.parse(reply?.document ?? '')).toEqual({
      worker_startup_script: 'b',
      compute_node_wait_for_new_jobs_seconds: 5,
      _key: WORKFLOW,
      _id: `workflow_configs/${WORKFLOW}`,
      _rev: '1-3',
    });
    expect(spec.workflow.configWrites).toBe(3);
  });

  it('ignores what is never used, and keeps the time of a workflow (D30, D35)', () => {
    const spec = new WorkflowSpec().part('workflow', { timestamp: 'then' });
    put(spec, { part: 'workflow', fields: '{"name":"n","timestamp":""}', rev: '1-2' });
    expect(JSON.parse(spec.workflow.document)).toEqual({ user: 'u', timestamp: 'then', name: 'n' });
    put(spec, { part: 'status', fields: '{"run_id":7,"scheduled_compute_node_ids":["1"]}', request_digest: 'e' });
    expect(JSON.parse(spec.workflow.status)).toMatchObject({ run_id: 7, scheduled_compute_node_ids: [] });
  });

  it('is checked against the revision that it has, and a repeat writes nothing', () => {
    const spec = new WorkflowSpec();
    const request: Given = { part: 'status', fields: '{"run_id":2}', rev: '1-1' };
    const first = put(spec, request);
    const again = put(spec, request);
    expect([again.events, again.reply]).toEqual([[], first.reply]);
    expect(put(spec, { ...request, request_digest: 'from another address' }).error?.kind).toBe('conflict');
    expect(put(spec, { part: 'status', fields: '{"run_id":3}', request_digest: 'f' }).error).toBeUndefined();
  });

  it.each([
    ['_key of another', { part: 'config', key: '98' }],
    ['_id of another', { part: 'status', id: 'workflow_statuses/98' }],
    ['_id of another kind', { part: 'status', id: `workflow_configs/${WORKFLOW}` }],
    ['a negative run', { part: 'status', fields: '{"run_id":-1}' }],
    ['no revision', { part: 'workflow' }],
  ] as const)('refuses %s', (_, request) => {
    const spec = new WorkflowSpec();
    expect(put(spec, request)).toMatchObject({ error: { kind: 'invalid' }, events: [] });
  });

  it('must say which config or status it means', () => {
    const spec = new WorkflowSpec();
    const request = { workflow: WORKFLOW, fields: '{}', request_digest: 'd' };
    const parts = ['config', 'status', 'workflow'] as const;
    const refused = parts.map((part) => spec.when((view) => putWorkflow(view, { ...request, part })).error?.kind);
    expect(refused).toEqual(['invalid', 'invalid', 'invalid']);
    const id = `workflow_configs/${WORKFLOW}`;
    expect(spec.when((view) => putWorkflow(view, { ...request, part: 'config', id })).error).toBeUndefined();
  });
});
