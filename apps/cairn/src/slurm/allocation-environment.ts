type Environment = Readonly<Record<string, string | undefined>>;

const MIB_PER_GIB = 1024;

/** A Slurm token is in the environment of programs that speak to its REST API. */
const SECRET = 'SLURM_JWT';

const numberIn = (text: string | undefined): number | undefined => {
  const value = Number(text ?? '');
  return text === undefined || text === '' || !Number.isFinite(value) ? undefined : value;
};

/** What Slurm gives to a worker on this node. Absent where Slurm does not say. */
export interface NodeResources {
  readonly cpus?: number;
  readonly memoryGib?: number;
  readonly gpus: number;
}

const gpusIn = (env: Environment): number =>
  numberIn(env['SLURM_GPUS_ON_NODE']) ??
  (env['SLURM_JOB_GPUS'] ?? env['CUDA_VISIBLE_DEVICES'] ?? '').split(',').filter((one) => one !== '').length;

/** Reads what the allocation holds on this node from the environment that Slurm sets for its programs. */
export const nodeResources = (env: Environment): NodeResources => {
  const cpus = numberIn(env['SLURM_CPUS_ON_NODE']);
  const perCpu = numberIn(env['SLURM_MEM_PER_CPU']);
  const perNode = numberIn(env['SLURM_MEM_PER_NODE']);
  // A job that asks for all memory of a node is told 0.
  const mebibytes =
    (perNode ?? 0) > 0 ? perNode : perCpu === undefined || cpus === undefined ? undefined : perCpu * cpus;
  return {
    ...(cpus !== undefined && { cpus }),
    ...(mebibytes !== undefined && mebibytes > 0 && { memoryGib: mebibytes / MIB_PER_GIB }),
    gpus: gpusIn(env),
  };
};

/** How many nodes the allocation has, and the processors that each of them gives at least. */
export const allocatedNodes = (env: Environment): { readonly nodes: number; readonly cpus: number } => {
  // Such as `36(x2),18`: two nodes with 36 processors and one with 18.
  const groups = (env['SLURM_JOB_CPUS_PER_NODE'] ?? '1').split(',').map((group) => parseInt(group, 10));
  return { nodes: numberIn(env['SLURM_JOB_NUM_NODES']) ?? 1, cpus: Math.min(...groups) };
};

/** The id of the allocation that this process runs in; `undefined` outside of Slurm. */
export const allocationId = (env: Environment): string | undefined => env['SLURM_JOB_ID'];

/** The member `scheduler` of the compute node document of a worker in an allocation (Torc contract 2.5). */
export const slurmScheduler = (env: Environment, id: string): Readonly<Record<string, unknown>> => ({
  node_names: [env['SLURMD_NODENAME'] ?? env['SLURM_JOB_NODELIST'] ?? ''],
  environment_variables: Object.fromEntries(
    Object.entries(env).filter(([name]) => name.startsWith('SLURM') && name !== SECRET),
  ),
  scheduler_type: 'hpc',
  slurm_job_id: id,
  hpc_type: 'slurm',
});
