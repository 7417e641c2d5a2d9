import { DomainError } from '#platform/domain-error.js';
import { newJobOf, normalizeJobPut } from './job-body.js';

const refusal = (body: string): string => {
  const job = newJobOf('97', body);
  return job instanceof DomainError ? job.message : 'accepted';
};

describe('the body of a job', () => {
  it('is a document and relations', () => {
    const body =
      '{"name":"make","command":"python make.py","_key":"m","status":"ready","internal":{"num_cpus":"4"},' +
      '"schedule_compute_nodes":{"scheduler_id":"slurm_schedulers__97/120","num_jobs":1},' +
      '"resource_requirements":"resource_requirements__97/121","scheduler":"slurm_schedulers__97/120",' +
      '"input_files":["files__97/110","files__97/110"],"output_files":["files__97/112"],' +
      '"input_user_data":["user_data__97/107"],"output_user_data":[],"blocked_by":["jobs__97/100"]}';
    expect(newJobOf('97', body)).toEqual({
      document:
        '{"name":"make","command":"python make.py","internal":{"num_cpus":4,"memory_bytes":0,"num_gpus":0,"num_nodes":0,' +
        '"runtime_seconds":0,"scheduler_config_id":"","hash":0},"schedule_compute_nodes":{"scheduler_id":' +
        '"slurm_schedulers__97/120","num_jobs":1,"start_one_worker_per_node":false},"cancel_on_blocking_job_failure":true,' +
        '"supports_termination":false}',
      key: 'm',
      status: 'ready',
      input_files: ['files__97/110'],
      output_files: ['files__97/112'],
      input_user_data: ['user_data__97/107'],
      output_user_data: [],
      blocked_by: ['jobs__97/100'],
      resource_requirements: 'resource_requirements__97/121',
      scheduler: 'slurm_schedulers__97/120',
    });
    expect(newJobOf('97', '{"command":"c"}')).toMatchObject({
      status: 'uninitialized',
      input_files: [],
      blocked_by: [],
    });
  });

  it('names what is wrong', () => {
    expect(refusal('{"command":"c","input_files":["files__98/110"]}')).toBe(
      'input_files: "files__98/110" is not an id of files of workflow 97',
    );
    expect(refusal('{"command":"c","blocked_by":["files__97/1"]}')).toMatch(/^blocked_by: /);
    expect(refusal('{"command":"c","scheduler":"short"}')).toMatch(
      /aws_schedulers or local_schedulers or slurm_schedulers/,
    );
    expect(refusal('{"command":"c","blocked_by":"jobs__97/1"}')).toBe('blocked_by must be a list');
    expect(refusal('{"command":"c","status":"finished"}')).toMatch(/^status must be one of uninitialized, /);
    expect(refusal('{"name":"n"}')).toMatch(/^command is missing/);
  });

  it('has no relations on PUT, and keeps the copy of resource numbers only if it is sent', () => {
    const body = '{"_key":"1","_rev":"1-1","command":"c","input_files":["anything"],"scheduler":"x"}';
    expect(normalizeJobPut(body)).toEqual({
      document:
        '{"command":"c","status":"uninitialized","cancel_on_blocking_job_failure":true,"supports_termination":false}',
      key: '1',
      rev: '1-1',
    });
  });
});
