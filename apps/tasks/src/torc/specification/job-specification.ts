import type { CollectionName } from '#contracts/torc/collections.js';
import type { EdgeName } from '#contracts/torc/edges.js';
import { partsOfId } from '#contracts/torc/ids.js';
import { SCHEDULERS } from '#contracts/torc/specification.js';
import { nameOfDocument } from '../document-name.js';
import type { Job, TorcView, Workflow } from '../view.js';

type RelationView = Pick<TorcView, 'edgesFrom' | 'edgesTo' | 'document' | 'documentAt'>;

/** Names documents and jobs in references. */
export type NameAt = (collection: CollectionName, ordinal: number) => string;

/** Calls each by its name, or by its key if it has none. */
export const plainNames = (view: Pick<TorcView, 'documentAt' | 'jobAt'>, workflow: Workflow): NameAt => {
  const known = new Map<number, string>();
  return (collection, ordinal) => {
    let name = known.get(ordinal);
    if (name !== undefined) return name;
    const found =
      collection === 'jobs' ? view.jobAt(workflow, ordinal) : view.documentAt(workflow, collection, ordinal);
    name = found === undefined ? '' : (nameOfDocument(found.document) ?? found.key);
    known.set(ordinal, name);
    return name;
  };
};

interface JobFields {
  readonly schedule_compute_nodes?: { readonly scheduler_id: string } | null;
}

const isCustom = ({ ordinal, key }: Job): boolean => key !== String(ordinal);

const collectionOfScheduler = (
  view: RelationView,
  workflow: Workflow,
  ordinal: number,
): (typeof SCHEDULERS)[number] | undefined =>
  SCHEDULERS.find((collection) => view.documentAt(workflow, collection, ordinal) !== undefined);

/** The id of a Slurm scheduler of this workflow as `slurm_schedulers/<name>`; other texts as they are. */
const schedulerName = (view: RelationView, workflow: Workflow, id: string, nameAt: NameAt): string => {
  const parts = partsOfId(id);
  if (parts?.collection !== 'slurm_schedulers' || parts.workflow !== workflow.key) return id;
  const scheduler = view.document(workflow, 'slurm_schedulers', parts.key);
  return scheduler === undefined ? id : `slurm_schedulers/${nameAt('slurm_schedulers', scheduler.ordinal)}`;
};

/**
 * A job as a specification has it (Torc contract 2.19): raw JSON with names instead of ids.
 *
 * @param name what the job is called there, if that differs from its own name
 */
export const jobSpecification = (
  view: RelationView,
  workflow: Workflow,
  job: Job,
  nameAt: NameAt,
  name?: string,
): string => {
  const { schedule_compute_nodes: nodes, ...own } = JSON.parse(job.document) as JobFields;
  const names = (collection: CollectionName, ordinals: readonly number[]): string[] => [
    ...new Set(ordinals.map((ordinal) => nameAt(collection, ordinal))),
  ];
  const targets = (edge: EdgeName): number[] => view.edgesFrom(workflow, edge, job.ordinal).map(({ to }) => to);
  const [[requires], [scheduler]] = [targets('requires'), targets('scheduled_bys')];
  const schedulers = scheduler === undefined ? undefined : collectionOfScheduler(view, workflow, scheduler);
  return JSON.stringify({
    ...own,
    ...(name !== undefined && { name }),
    ...(isCustom(job) && { key: job.key }),
    ...(nodes !== undefined && {
      schedule_compute_nodes: nodes && {
        ...nodes,
        scheduler_id: schedulerName(view, workflow, nodes.scheduler_id, nameAt),
      },
    }),
    input_files: names('files', targets('needs')),
    output_files: names('files', targets('produces')),
    input_user_data: names('user_data', targets('consumes')),
    output_user_data: names('user_data', targets('stores')),
    blocked_by: names(
      'jobs',
      view.edgesTo(workflow, 'blocks', job.ordinal).map(({ from }) => from),
    ),
    ...(requires !== undefined && { resource_requirements: nameAt('resource_requirements', requires) }),
    ...(scheduler !== undefined && schedulers && { scheduler: `${schedulers}/${nameAt(schedulers, scheduler)}` }),
  });
};
