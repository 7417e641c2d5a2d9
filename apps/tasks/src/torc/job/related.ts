import { DomainError } from '#platform/domain-error.js';
import type { ListRelatedRequest } from '#contracts/torc/jobs.js';
import { documentText } from '../document/document-rows.js';
import type { SelectedEntries } from '../lists.js';
import type { TorcReader } from '../sqlite-view.js';
import { torcErrors } from '../torc-errors.js';
import type { Workflow } from '../view.js';
import { jobDocument } from './job-document.js';

/** Jobs looked at between two yields. */
const JOBS_PER_YIELD = 100;

/** Each once, in the order of the first. */
function* distinct(slices: Iterable<readonly number[]>): Generator<void, readonly number[], void> {
  const once = new Set<number>();
  for (const ordinals of slices) {
    for (const ordinal of ordinals) once.add(ordinal);
    yield;
  }
  return [...once];
}

function* inOrderOfCreation(slices: Iterable<readonly number[]>): Generator<void, readonly number[], void> {
  return [...Float64Array.from(yield* distinct(slices)).sort()];
}

/** Jobs that come after one, breadth first, each once. */
function* downstream(
  { edgeRows }: TorcReader,
  { workload }: Workflow,
  start: number,
): Generator<void, readonly number[], void> {
  const reached = new Set([start]);
  let looked = 0;
  for (const ordinal of reached) {
    for (const next of edgeRows.targets(workload, 'blocks', ordinal)) reached.add(next);
    if ((looked += 1) % JOBS_PER_YIELD === 0) yield;
  }
  reached.delete(start);
  return [...reached];
}

/**
 * Jobs that need a file, or come after a job; files that a job produces; user data that it stores or consumes (Torc contract 6.3). User data
 * comes in the order in which its edges were created.
 */
export const relatedEntries = (
  reader: TorcReader,
  { workflow: workflowKey, key, relation }: ListRelatedRequest,
): SelectedEntries | DomainError => {
  const workflow = reader.workflow(workflowKey);
  if (workflow === undefined) return torcErrors.noWorkflow(workflowKey);
  const { workload } = workflow;
  const { edgeRows } = reader;
  const jobAt = (ordinal: number): string | undefined => {
    const job = reader.jobAt(workflow, ordinal);
    return job && jobDocument(job, workflow);
  };
  const documentAt = (collection: 'files' | 'user_data') => (ordinal: number) => {
    const stored = reader.documentAt(workflow, collection, ordinal);
    return stored && documentText(workflow, collection, stored);
  };
  if (relation === 'jobs that need') {
    const file = reader.document(workflow, 'files', key);
    if (file === undefined) return torcErrors.noDocument('file', key, workflowKey);
    return {
      select: () => inOrderOfCreation(edgeRows.otherEnds(workload, 'needs', 'to', file.ordinal)),
      textAt: jobAt,
    };
  }
  const job = reader.job(workflow, key);
  if (job === undefined) return torcErrors.noDocument('job', key, workflowKey);
  const { ordinal } = job;
  switch (relation) {
    case 'downstream':
      return { select: () => downstream(reader, workflow, ordinal), textAt: jobAt };
    case 'produces':
      return {
        select: () => inOrderOfCreation(edgeRows.otherEnds(workload, relation, 'from', ordinal)),
        textAt: documentAt('files'),
      };
    case 'stores':
    case 'consumes':
      return {
        select: () => distinct(edgeRows.otherEnds(workload, relation, 'from', ordinal)),
        textAt: documentAt('user_data'),
      };
  }
};

/** Process stats of a job, sorted by run. */
export const processStatsOf = (
  reader: TorcReader,
  { workflow: workflowKey, key }: Pick<ListRelatedRequest, 'workflow' | 'key'>,
): SelectedEntries | DomainError => {
  const collection = 'job_process_stats';
  const workflow = reader.workflow(workflowKey);
  if (workflow === undefined) return torcErrors.noWorkflow(workflowKey);
  const job = reader.job(workflow, key);
  if (job === undefined) return torcErrors.noDocument('job', key, workflowKey);
  const runOf = (document: string): number => (JSON.parse(document) as { readonly run_id: number }).run_id;
  return {
    *select(): Generator<void, readonly number[], void> {
      const found: { readonly ordinal: number; readonly run: number }[] = [];
      for (const { ordinal, document } of reader.documentsWith(workflow, collection, job.key)) {
        found.push({ ordinal, run: runOf(document) });
        if (found.length % JOBS_PER_YIELD === 0) yield;
      }
      found.sort((a, b) => a.run - b.run || a.ordinal - b.ordinal);
      return found.map(({ ordinal }) => ordinal);
    },
    textAt: (ordinal) => {
      const stored = reader.documentAt(workflow, collection, ordinal);
      return stored && documentText(workflow, collection, stored);
    },
  };
};
