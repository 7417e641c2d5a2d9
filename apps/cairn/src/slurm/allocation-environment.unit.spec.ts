import { nodeResources, slurmScheduler } from './allocation-environment.js';

describe('resources of a node', () => {
  it.each([
    [
      { SLURM_CPUS_ON_NODE: '36', SLURM_MEM_PER_NODE: '94208', SLURM_GPUS_ON_NODE: '2' },
      { cpus: 36, memoryGib: 92, gpus: 2 },
    ],
    [
      { SLURM_CPUS_ON_NODE: '4', SLURM_MEM_PER_CPU: '512', SLURM_JOB_GPUS: '0,3' },
      { cpus: 4, memoryGib: 2, gpus: 2 },
    ],
    [
      { SLURM_CPUS_ON_NODE: '4', SLURM_MEM_PER_NODE: '0', CUDA_VISIBLE_DEVICES: '1' },
      { cpus: 4, gpus: 1 },
    ],
    [{}, { gpus: 0 }],
  ])('in %j', (env, expected) => {
    expect(nodeResources(env)).toEqual(expected);
  });
});

describe('the scheduler of a compute node', () => {
  it('holds the variables of Slurm, but no token', () => {
    const env = { SLURM_JOB_ID: '880123', SLURMD_NODENAME: 'node-07', SLURM_JWT: 'secret', CAIRN_SERVER: 'secret' };
    expect(slurmScheduler(env, '880123')).toEqual({
      node_names: ['node-07'],
      environment_variables: { SLURM_JOB_ID: '880123', SLURMD_NODENAME: 'node-07' },
      scheduler_type: 'hpc',
      slurm_job_id: '880123',
      hpc_type: 'slurm',
    });
  });
});
