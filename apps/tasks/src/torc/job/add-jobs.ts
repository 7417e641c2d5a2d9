import { DomainError } from '#platform/domain-error.js';
import { membersOf, objectText } from '#contracts/raw-json.js';
import type { CollectionName } from '#contracts/torc/collections.js';
import type { DocumentReply } from '#contracts/torc/documents.js';
import type { EdgeName } from '#contracts/torc/edges.js';
import type { AddedJob } from '#contracts/torc/events.js';
import { partsOfId } from '#contracts/torc/ids.js';
import type { NewJob } from '#contracts/torc/jobs.js';
import type { DecidedEvent, SlicedDecision } from '#event-sourcing/command.js';
import { edgesAdded, jobsAdded, type NumberedJob } from '../bulk-events.js';
import { refuseTooLarge } from '../document/size-limit.js';
import { Ordinals } from '../ordinals.js';
import { Problems } from '../problems.js';
import { torcErrors } from '../torc-errors.js';
import type { TorcView, Workflow } from '../view.js';
import { internalFields } from './internal-fields.js';
import { addedJobText } from './job-document.js';

type JobsView = Pick<TorcView, 'job' | 'document' | 'isKeyUsed'>;

/** Jobs added between two yields. */
const JOBS_PER_YIELD = 50;

interface AddedJobs {
  readonly events: readonly DecidedEvent[];
  /** In the order given. */
  readonly jobs: readonly NumberedJob[];
}

/** The job as it is recorded: without relations, `internal` apart from the document. */
const recorded = ({ document, status, key }: NewJob): AddedJob => {
  const members = membersOf(document);
  const internal = members.get('internal');
  const chosen = { status, ...(key !== undefined && { key }) };
  if (internal === undefined) return { document, ...chosen };
  members.delete('internal');
  return { document: objectText(members), ...internalFields(internal), ...chosen };
};

/** Finds the ordinals of what jobs refer to. Many refer to the same. */
class References {
  private readonly known = new Map<string, number | undefined>();

  constructor(
    private readonly view: JobsView,
    private readonly workflow: Workflow,
  ) {}

  ordinalOf(id: string): number | undefined {
    if (this.known.has(id)) return this.known.get(id);
    const ordinal = this.find(id);
    this.known.set(id, ordinal);
    return ordinal;
  }

  private find(id: string): number | undefined {
    const parts = partsOfId(id);
    if (parts?.workflow !== this.workflow.key) return undefined;
    const { key } = parts;
    const collection = parts.collection as CollectionName;
    return collection === 'jobs'
      ? this.view.job(this.workflow, key)?.ordinal
      : this.view.document(this.workflow, collection, key)?.ordinal;
  }
}

/**
 * Adds jobs to a workflow with their relations as edges: all or none (Torc contract 6.1, 6.3). What they refer to must exist
 * before (D39). Refuses with the first problems (400).
 */
export function* addJobs(
  view: JobsView,
  workflow: Workflow,
  jobs: readonly NewJob[],
): Generator<void, AddedJobs | DomainError, void> {
  const { key: workflowKey, stream } = workflow;
  const chosen = new Set<string>();
  const problems = new Problems();
  const placeOf = (at: number): string | undefined => (jobs.length === 1 ? undefined : `jobs[${at}]`);
  for (const [at, { key, document }] of jobs.entries()) {
    if (key !== undefined) {
      if (chosen.has(key) || view.job(workflow, key) !== undefined)
        problems.add(placeOf(at), torcErrors.keyTaken('job', key));
      chosen.add(key);
    }
    const tooLarge = refuseTooLarge(document);
    if (tooLarge !== undefined) problems.add(placeOf(at), tooLarge);
    if (at % JOBS_PER_YIELD === 0) yield;
  }

  const ordinals = new Ordinals(
    workflow.nextOrdinal,
    (collection, key) => (collection === 'jobs' && chosen.has(key)) || view.isKeyUsed(workflow, collection, key),
  );
  const added: NumberedJob[] = [];
  for (const [at, job] of jobs.entries()) {
    added.push({ ordinal: ordinals.take('jobs'), job: recorded(job) });
    if (at % JOBS_PER_YIELD === 0) yield;
  }

  const references = new References(view, workflow);
  const edges = new Map<EdgeName, (readonly [from: number, to: number])[]>();
  for (const [at, job] of jobs.entries()) {
    const ordinal = added[at]?.ordinal ?? 0;
    const relate = (edge: EdgeName, ids: readonly string[], relation: string): void => {
      for (const id of ids) {
        const other = references.ordinalOf(id);
        if (other === undefined) {
          problems.add(placeOf(at), torcErrors.bad(`${relation}: ${id} does not exist`));
          continue;
        }
        const ends = edges.get(edge) ?? [];
        ends.push(edge === 'blocks' ? [other, ordinal] : [ordinal, other]);
        edges.set(edge, ends);
      }
    };
    relate('needs', job.input_files, 'input_files');
    relate('produces', job.output_files, 'output_files');
    relate('consumes', job.input_user_data, 'input_user_data');
    relate('stores', job.output_user_data, 'output_user_data');
    relate('blocks', job.blocked_by, 'blocked_by');
    if (job.resource_requirements !== undefined) {
      relate('requires', [job.resource_requirements], 'resource_requirements');
    }
    if (job.scheduler !== undefined) relate('scheduled_bys', [job.scheduler], 'scheduler');
    if (problems.areEnough) break;
    if (at % JOBS_PER_YIELD === 0) yield;
  }
  const refusal = problems.refusal();
  if (refusal !== undefined) return refusal;

  const events: DecidedEvent[] = [];
  for (const event of jobsAdded(stream, workflowKey, added)) {
    events.push(event);
    yield;
  }
  for (const [edge, ends] of edges) {
    for (const event of edgesAdded(stream, edge, ends, () => ordinals.take(edge))) {
      events.push(event);
      yield;
    }
  }
  return { events, jobs: added };
}

/** `POST /workflows/{workflow}/jobs`. */
export function* addJob(
  view: JobsView & Pick<TorcView, 'workflow'>,
  { workflow: workflowKey, job }: { readonly workflow: string; readonly job: NewJob },
): SlicedDecision<DocumentReply> {
  const workflow = view.workflow(workflowKey);
  if (workflow === undefined) return torcErrors.noWorkflow(workflowKey);
  const added = yield* addJobs(view, workflow, [job]);
  if (added instanceof DomainError) return added;
  const [document = '{}'] = added.jobs.map((each) => addedJobText(workflow, each.ordinal, each.job));
  return { events: added.events, reply: { document } };
}

/** `bulk_jobs` (Torc contract 6.3): replies the ordinals of the first and the last job. Between them are no others. */
export function* addManyJobs(
  view: JobsView & Pick<TorcView, 'workflow'>,
  workflowKey: string,
  jobs: readonly NewJob[],
): SlicedDecision<{ readonly first: number; readonly last: number }> {
  const workflow = view.workflow(workflowKey);
  if (workflow === undefined) return torcErrors.noWorkflow(workflowKey);
  const added = yield* addJobs(view, workflow, jobs);
  if (added instanceof DomainError) return added;
  const [first, last] = [added.jobs.at(0)?.ordinal ?? 1, added.jobs.at(-1)?.ordinal ?? 0];
  return { events: added.events, reply: { first, last } };
}
