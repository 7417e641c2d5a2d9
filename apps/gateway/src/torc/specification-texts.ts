import { WORKFLOW_CONFIG } from '#contracts/torc/collections.js';
import { normalize } from '#contracts/torc/normalize.js';
import { DomainError } from '#platform/domain-error.js';

const defaultsOf = normalize(WORKFLOW_CONFIG, '{}', 'post');
if (defaultsOf instanceof DomainError) throw defaultsOf;
const config: unknown = JSON.parse(defaultsOf.document);

const empty = { files: [], jobs: [], user_data: [], resource_requirements: [] };
const schedulers = { aws_schedulers: [], local_schedulers: [], slurm_schedulers: [] };

/** Torc contract 5.18, 6.6. */
export const SPECIFICATION_TEMPLATE = JSON.stringify({
  ...{ name: '', description: '', user: '' },
  ...empty,
  schedulers,
  config,
});

/** Two jobs that one file joins (Torc contract 6.5): can be posted as it is. */
export const EXAMPLE_SPECIFICATION = JSON.stringify({
  name: 'sweep',
  user: 'sim-team',
  description: 'Makes a field and uses it',
  files: [
    { name: 'grid', path: 'data/grid.nc' },
    { name: 'out', path: 'out/field.nc' },
  ],
  user_data: [],
  resource_requirements: [{ name: 'small', num_cpus: 4, memory: '1g', runtime: 'P0DT30M' }],
  schedulers: {
    ...schedulers,
    slurm_schedulers: [{ name: 'short', account: 'project1', nodes: 1, walltime: '04:00:00' }],
  },
  jobs: [
    {
      name: 'make',
      command: 'python make.py',
      input_files: ['grid'],
      output_files: ['out'],
      resource_requirements: 'small',
    },
    { name: 'use', command: 'python use.py', input_files: ['out'], scheduler: 'slurm_schedulers/short' },
  ],
  config,
});
