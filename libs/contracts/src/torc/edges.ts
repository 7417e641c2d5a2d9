import type { CollectionName } from './collections.js';

interface EdgeEnds {
  readonly from: readonly CollectionName[];
  readonly to: readonly CollectionName[];
  /** A job has at most one. */
  readonly isUnique?: true;
}

/** The 11 edges and the collections that they join (Torc contract 3), in the order of `collection_names`. */
export const EDGES = {
  blocks: { from: ['jobs'], to: ['jobs'] },
  consumes: { from: ['jobs'], to: ['user_data'] },
  executed: { from: ['compute_nodes'], to: ['jobs'] },
  needs: { from: ['jobs'], to: ['files'] },
  node_used: { from: ['compute_nodes'], to: ['compute_node_stats'] },
  process_used: { from: ['jobs'], to: ['job_process_stats'] },
  produces: { from: ['jobs'], to: ['files'] },
  requires: { from: ['jobs'], to: ['resource_requirements'], isUnique: true },
  returned: { from: ['jobs'], to: ['results'] },
  scheduled_bys: { from: ['jobs'], to: ['aws_schedulers', 'local_schedulers', 'slurm_schedulers'], isUnique: true },
  stores: { from: ['jobs'], to: ['user_data'] },
} as const satisfies Readonly<Record<string, EdgeEnds>>;

export type EdgeName = keyof typeof EDGES;

export const isEdge = (name: string): name is EdgeName => Object.hasOwn(EDGES, name);

/** The collections of a workflow in the order that its clients rely on (Torc contract 5.16). */
export const COLLECTION_ORDER: readonly (CollectionName | EdgeName)[] = [
  ...([
    'events',
    'scheduled_compute_nodes',
    'aws_schedulers',
    'compute_nodes',
    'compute_node_stats',
    'files',
    'job_process_stats',
    'jobs',
    'local_schedulers',
    'resource_requirements',
    'results',
    'slurm_schedulers',
    'user_data',
  ] as const),
  ...(Object.keys(EDGES) as EdgeName[]),
];
