import { finished } from '#event-sourcing/testing/finished.js';
import { WORKFLOW, WorkflowSpec } from '../testing/workflow-spec.js';
import { missingUserData, requiredExistingFiles } from './missing-inputs.js';
import { readyRequirements } from './ready-requirements.js';

describe('missing_user_data', () => {
  it('names what should hold something and is empty', () => {
    const spec = new WorkflowSpec().jobs('A B C');
    for (const name of ['own', 'made', 'later', 'unread']) spec.document('user_data', name, { data: {} });
    spec.document('user_data', 'absent').document('user_data', 'full', { data: { a: 1 } });
    spec.edges('consumes', 'C>own C>made C>later C>absent C>full B>own').edges('stores', 'A>made B>later A>unread');
    spec.set('A', 'done');
    expect(finished(missingUserData(spec.view, WORKFLOW))).toEqual({ keys: [spec.keyOf('own'), spec.keyOf('made')] });
  });

  it('refuses two writers', () => {
    const spec = new WorkflowSpec().jobs('A B C').document('user_data', 'u').edges('consumes', 'C>u');
    spec.edges('stores', 'A>u B>u');
    expect(finished(missingUserData(spec.view, WORKFLOW))).toMatchObject({ kind: 'invalid' });
  });
});

describe('required_existing_files', () => {
  it('names what is needed and not produced, by full id', () => {
    const spec = new WorkflowSpec().jobs('A B').document('files', 'f').document('files', 'g').document('files', 'h');
    spec.edges('needs', 'B>g B>f A>f').edges('produces', 'A>g A>h');
    expect(finished(requiredExistingFiles(spec.view, WORKFLOW))).toEqual({ ids: [`files__97/${spec.keyOf('f')}`] });
    spec.edges('produces', 'B>f A>f');
    expect(finished(requiredExistingFiles(spec.view, WORKFLOW))).toMatchObject({ kind: 'invalid' });
  });
});

describe('ready_job_requirements', () => {
  it('sums what ready jobs need by their present groups, for one scheduler or for all', () => {
    const spec = new WorkflowSpec().jobs('A B C D').document('slurm_schedulers', 'short');
    const big = { num_cpus: 6, num_gpus: 1, num_nodes: 2, memory: '12g', runtime: 'p0dt12h' };
    spec.document('resource_requirements', 'big', { ...big, num_cpus: 1 }).edges('requires', 'A>big B>big D>big');
    spec.edges('scheduled_bys', 'B>short').initialize();
    spec.put('resource_requirements', 'big', { num_cpus: 6 }).set('D', 'scheduled');
    const of = (scheduler?: string) => finished(readyRequirements(spec.view, WORKFLOW, scheduler));
    const memory = 24 + 1 / 1024;
    const all = { num_jobs: 3, num_cpus: 13, num_gpus: 2, memory_gb: memory, max_num_nodes: 2, max_runtime: 'P0DT12H' };
    expect(of()).toEqual(all);
    expect(of(`slurm_schedulers__97/${spec.keyOf('short')}`)).toEqual(all);
    expect(of('')).toMatchObject({ num_jobs: 2, num_cpus: 7 });
    spec.set('A B C', 'blocked');
    expect(of()).toEqual({ num_jobs: 0, num_cpus: 0, num_gpus: 0, memory_gb: 0, max_num_nodes: 0, max_runtime: '' });
  });
});
