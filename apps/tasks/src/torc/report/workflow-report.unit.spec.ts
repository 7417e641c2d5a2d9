import { DomainError } from '#platform/domain-error.js';
import { finished } from '#event-sourcing/testing/finished.js';
import { WORKFLOW, WorkflowSpec } from '../testing/workflow-spec.js';
import { criticalPath } from './critical-path.js';
import { reportWorkflow } from './workflow-report.js';

const GIB = 2 ** 30;

describe('the report of a workflow', () => {
  it('names the longest chain, and what jobs used of what they asked for', () => {
    const group = { num_cpus: 2, num_gpus: 0, num_nodes: 1, memory: '1g', runtime: 'PT5M' };
    const stats = { job_key: 'x', run_id: 1, max_cpu_percent: 150, max_rss: 2 * GIB };
    const spec = new WorkflowSpec().jobs('A B C D').document('resource_requirements', 'small', group);
    spec.document('compute_nodes', 'node', { hostname: 'node-07' }).document('job_process_stats', 'measured', stats);
    spec
      .edges('requires', 'A>small B>small')
      .edges('blocks', 'A>C B>C')
      .edges('process_used', 'A>measured')
      .initialize();
    const run = (name: string, code = 0): void => {
      spec.set(name, 'submitted').complete(name, code, 'done', { compute_node: spec.keyOf('node') });
    };
    for (const name of ['A', 'B', 'C']) run(name);
    run('D', 1);
    const report = finished(reportWorkflow(spec.view, WORKFLOW));
    if (report instanceof DomainError) throw report;
    const { groups, critical_path: path, ...rest } = report;
    expect(rest).toMatchObject({ workflow_key: '97', run_id: 1, failed_jobs: 1, work_minutes: 24, jobs: { done: 4 } });
    expect(path).toMatchObject({ minutes: 12, length: 2 });
    expect(path.jobs.map(({ name, minutes, start_minutes }) => [name, minutes, start_minutes])).toEqual([
      [expect.stringMatching(/^[AB]$/), 6, 0],
      ['C', 6, 6],
    ]);
    expect(groups).toEqual([
      {
        ...{ resource_requirements_id: `resource_requirements__97/${spec.keyOf('small')}`, name: 'small' },
        ...{ jobs: 2, jobs_measured: 2 },
        cpus: { requested: 2, used: 1.5, jobs_over: 0 },
        memory_gb: { requested: 1, used: 2, jobs_over: 1 },
        runtime_minutes: { requested: 5, used: 6, jobs_over: 2 },
      },
      expect.objectContaining({ name: 'default', jobs: 2, cpus: { requested: 1, used: null, jobs_over: 0 } }),
    ]);
  });

  it('is there before anything has run', () => {
    expect(finished(reportWorkflow(new WorkflowSpec().view, WORKFLOW))).toMatchObject({
      ...{ elapsed_minutes: null, work_minutes: 0, groups: [] },
      critical_path: { minutes: 0, length: 0, jobs: [] },
    });
  });
});

describe('the critical path', () => {
  const path = (minutes: readonly number[], ...edges: readonly (readonly [number, number])[]) =>
    finished(criticalPath(new Map(minutes.entries()), edges));

  it('is the chain that takes longest, not the one with most jobs', () => {
    expect(path([1, 1, 1, 9, 2], [0, 1], [1, 2], [3, 2], [3, 2], [3, 4])).toEqual({ jobs: [3, 4], length: 11 });
  });

  it('leaves out cycles', () => {
    expect(path([5, 5, 1], [0, 1], [1, 0])).toEqual({ jobs: [2], length: 1 });
  });
});
