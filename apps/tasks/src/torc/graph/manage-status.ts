import type { ManageJobStatusRequest } from '#contracts/torc/jobs.js';
import { isFinal, JOB_STATUSES, type JobStatus } from '#contracts/torc/statuses.js';
import type { DocumentReply } from '#contracts/torc/documents.js';
import type { SlicedDecision } from '#event-sourcing/command.js';
import { jobDocument } from '../job/job-document.js';
import { torcErrors } from '../torc-errors.js';
import type { TorcView } from '../view.js';
import { revisionOf, WorkflowChange } from '../workflow-change.js';
import { downstreamOf } from './job-graph.js';

const isStatus = (word: string): word is JobStatus => (JOB_STATUSES as readonly string[]).includes(word);

/** `manage_status_change` (Torc contract 5.10). */
export function* manageStatus(
  view: TorcView,
  { workflow: key, key: jobKey, status, rev, run_id: runId }: ManageJobStatusRequest,
  timeMicros: number,
): SlicedDecision<DocumentReply> {
  const workflow = view.workflow(key);
  if (workflow === undefined) return torcErrors.noWorkflow(key);
  const job = view.job(workflow, jobKey);
  if (job === undefined) return torcErrors.noDocument('job', jobKey, key);
  if (!isStatus(status)) return torcErrors.bad(`${status} is not a status of jobs`);
  if (isFinal(status)) return torcErrors.bad(`only complete_job makes a job ${status}`);
  // D13: a restart sends revisions that it read before its own changes.
  if (job.status === status) return { events: [], reply: { document: jobDocument(job, workflow) } };
  if (rev !== revisionOf(job)) {
    return torcErrors.badState(`job ${jobKey} has changed: its revision is ${revisionOf(job)}`);
  }
  if (runId !== workflow.runId) {
    return torcErrors.badState(`run ${runId} is not the current run of workflow ${key}: it is ${workflow.runId}`);
  }
  const change = new WorkflowChange(view, workflow, timeMicros);
  const moved = new Set([job.ordinal]);
  if (isFinal(job.status) && status === 'uninitialized') {
    for (const dependent of (yield* downstreamOf(view, workflow, moved)).values()) {
      if (dependent.status !== 'uninitialized' && dependent.status !== 'disabled') moved.add(dependent.ordinal);
    }
  }
  change.move(moved, status);
  return change.decided({ document: jobDocument({ ...job, status, writes: job.writes + 1 }, workflow) });
}
