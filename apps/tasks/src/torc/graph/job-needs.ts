import type { PlainCollectionName } from '#contracts/torc/collections.js';
import { fullId } from '#contracts/torc/ids.js';
import { durationSeconds, memoryBytes } from '#contracts/torc/values.js';
import { requirementsText } from '../job/requirements.js';
import type { StateView, Workflow } from '../view.js';
import { Steps } from './steps.js';

/** A group of resource requirements (Torc contract 2.13). */
export interface Group {
  readonly name?: string;
  readonly num_cpus: number;
  readonly num_gpus: number;
  readonly num_nodes: number;
  readonly memory: string;
  readonly runtime: string;
}

/** Of jobs without a group. */
export const DEFAULT_GROUP: Group = {
  name: 'default',
  num_cpus: 1,
  num_gpus: 0,
  num_nodes: 1,
  memory: '1m',
  runtime: 'P0DT1M',
};

const SCHEDULERS = ['aws_schedulers', 'local_schedulers', 'slurm_schedulers'] as const satisfies PlainCollectionName[];

/** The five numbers of `internal` (Torc contract 5.1 step 3). Memory and runtime were checked when the group was stored. */
export const needsOf = ({ num_cpus, num_gpus, num_nodes, memory, runtime }: Group): string =>
  requirementsText({
    memory_bytes: memoryBytes(memory) ?? 0,
    num_cpus,
    num_gpus,
    num_nodes,
    runtime_seconds: durationSeconds(runtime) ?? 0,
  });

/** Reads a stored group. */
export const groupOf = (document: string): Group => ({
  ...DEFAULT_GROUP,
  ...(JSON.parse(document) as Partial<Group>),
});

/** The groups of jobs that have one: by ordinal of the job. */
export function* groupsOfJobs(
  view: StateView,
  workflow: Workflow,
): Generator<void, ReadonlyMap<number, Group & { readonly ordinal: number }>, void> {
  const steps = new Steps();
  const groups = new Map<number, Group & { readonly ordinal: number }>();
  for (const { ordinal, document } of view.documents(workflow, 'resource_requirements')) {
    groups.set(ordinal, { ...groupOf(document), ordinal });
  }
  const byJob = new Map<number, Group & { readonly ordinal: number }>();
  for (const [job, ordinal] of view.ends(workflow, 'requires')) {
    const group = groups.get(ordinal);
    if (group !== undefined) byJob.set(job, group);
    if (steps.isSlice()) yield;
  }
  return byJob;
}

/** Full ids of the schedulers of jobs that have one: by ordinal of the job. */
export function* schedulersOfJobs(
  view: StateView,
  workflow: Workflow,
): Generator<void, ReadonlyMap<number, string>, void> {
  const steps = new Steps();
  const ids = new Map<number, string>();
  for (const collection of SCHEDULERS) {
    for (const { ordinal, key } of view.documents(workflow, collection)) {
      ids.set(ordinal, fullId(collection, workflow.key, key));
    }
  }
  const byJob = new Map<number, string>();
  for (const [job, ordinal] of view.ends(workflow, 'scheduled_bys')) {
    const id = ids.get(ordinal);
    if (id !== undefined) byJob.set(job, id);
    if (steps.isSlice()) yield;
  }
  return byJob;
}
