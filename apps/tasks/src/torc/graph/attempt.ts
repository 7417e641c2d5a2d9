import type { CompleteJobRequest, AttemptRequest } from '#contracts/torc/jobs.js';
import { DomainError } from '#platform/domain-error.js';
import type { DocumentReply } from '#contracts/torc/documents.js';
import { FINAL_STATUSES, isFinal } from '#contracts/torc/statuses.js';
import type { Decision, SlicedDecision } from '#event-sourcing/command.js';
import { jobDocument } from '../job/job-document.js';
import { refuseTooLarge } from '../document/size-limit.js';
import { FAILED, OK } from '../status-table.js';
import { torcErrors } from '../torc-errors.js';
import type { Job, StoredDocument, TorcView, Workflow } from '../view.js';
import { onlyUnit, revisionOf, WorkflowChange } from '../workflow-change.js';
import { retryDelay } from './failure-handler.js';
import { inputHashOf } from './input-hash.js';
import { releaseDependents } from './release.js';

const MINUTES_PER_HOUR = 60;

/** What `complete_job` is sent (Torc contract 2.14). */
interface Result {
  readonly job_key: string;
  readonly run_id: number;
  readonly return_code: number;
  readonly exec_time_minutes: number;
}

interface Attempt {
  readonly workflow: Workflow;
  readonly job: Job;
  readonly node: StoredDocument;
}

const replyOf = (workflow: Workflow, job: Job): DocumentReply => ({ document: jobDocument(job, workflow) });

const find = (view: TorcView, { workflow: key, key: jobKey, compute_node: nodeKey }: AttemptRequest) => {
  const workflow = view.workflow(key);
  if (workflow === undefined) return torcErrors.noWorkflow(key);
  const job = view.job(workflow, jobKey);
  if (job === undefined) return torcErrors.noDocument('job', jobKey, key);
  const node = view.document(workflow, 'compute_nodes', nodeKey);
  if (node === undefined) return torcErrors.noDocument('compute node', nodeKey, key);
  return { workflow, job, node } satisfies Attempt;
};

const textIn = (document: string, field: string): string | undefined => {
  const value = (JSON.parse(document) as Readonly<Record<string, unknown>>)[field];
  return typeof value === 'string' ? value : undefined;
};

/** Fields of the server's events about a job (Torc contract 5.13). */
const eventFields = ({ job, node }: Attempt, type: 'start' | 'complete', message: string) => ({
  category: 'job',
  type,
  job_key: job.key,
  job_name: textIn(job.document, 'name') ?? job.key,
  node_name: textIn(node.document, 'hostname') ?? '',
  message,
});

const wrongRun = (runId: number, workflow: Workflow): DomainError =>
  torcErrors.badState(`run ${runId} is not the current run of workflow ${workflow.key}: it is ${workflow.runId}`);

/** `start_job` (Torc contract 5.4). */
export const startJob = (view: TorcView, request: AttemptRequest, timeMicros: number): Decision<DocumentReply> => {
  const attempt = find(view, request);
  if (attempt instanceof DomainError) return attempt;
  const { workflow, job, node } = attempt;
  // D12: the answer to the first was lost.
  const isRepeat = job.status === 'submitted' && job.requestDigest === request.request_digest;
  if (isRepeat) return { events: [], reply: replyOf(workflow, job) };
  if (job.status !== 'submitted_pending') {
    return torcErrors.badState(`job ${job.key} is ${job.status}: only a job that was claimed can be started`);
  }
  if (request.rev !== revisionOf(job)) return torcErrors.changed('job', job.key, revisionOf(job));
  if (request.run_id !== workflow.runId) return wrongRun(request.run_id, workflow);
  const change = new WorkflowChange(view, workflow, timeMicros);
  change.record('UnitStarted', {
    units: onlyUnit(job.ordinal),
    status: 'submitted',
    run_id: request.run_id,
    compute_node: node.ordinal,
    executed: change.ordinalIn('executed'),
    event: change.serverEvent(eventFields(attempt, 'start', `Started job ${job.key}`)),
    request_digest: request.request_digest,
  });
  return change.decided(replyOf(workflow, { ...job, status: 'submitted', writes: job.writes + 1 }));
};

/** `complete_job` (Torc contract 5.5): the result, and what follows for the jobs behind, in one change. */
export function* completeJob(
  view: TorcView,
  request: CompleteJobRequest,
  timeMicros: number,
): SlicedDecision<DocumentReply> {
  const attempt = find(view, request);
  if (attempt instanceof DomainError) return attempt;
  const { workflow, job, node } = attempt;
  const { status } = request;
  if (!isFinal(status)) return torcErrors.bad(`a job ends as one of ${FINAL_STATUSES.join(', ')}, not as ${status}`);
  if (job.completeDigest === request.request_digest) return { events: [], reply: replyOf(workflow, job) };
  if (request.rev !== revisionOf(job)) return torcErrors.changed('job', job.key, revisionOf(job));
  const tooLarge = refuseTooLarge(request.result);
  if (tooLarge !== undefined) return tooLarge;
  const result = JSON.parse(request.result) as Result;
  const problem = refusal(workflow, job, request, result);
  if (problem !== undefined) return problem;
  const change = new WorkflowChange(view, workflow, timeMicros);
  const hasFailed = result.return_code !== 0;
  const input_hash = inputHashOf(view, workflow, job);
  const message = `Completed job ${job.key} status=${status} return_code=${result.return_code}`;
  const end = {
    units: onlyUnit(job.ordinal),
    status,
    compute_node: node.ordinal,
    result: { ordinal: change.ordinalIn('results'), document: request.result },
    returned: change.ordinalIn('returned'),
    event: change.serverEvent(eventFields(attempt, 'complete', message)),
    input_hash,
    request_digest: request.request_digest,
  };
  const hours = result.exec_time_minutes / MINUTES_PER_HOUR;
  const mayRetry = status === 'done' && hasFailed && !isFinal(job.status) && !workflow.isCanceled;
  const delay = mayRetry ? retryDelay(job, result.return_code) : undefined;
  const written = { ...job, writes: job.writes + 1, inputHash: input_hash };
  if (delay !== undefined) {
    change.record('UnitFailed', { ...end, status: 'ready', hours, retry_after_seconds: delay });
    return change.decided(replyOf(workflow, { ...written, status: 'ready' }));
  }
  if (status === 'canceled') change.record('UnitsMoved', end);
  else if (status === 'done' && !hasFailed) change.record('UnitSucceeded', { ...end, outcome: OK, hours });
  else change.record('UnitFailed', { ...end, ...(status === 'done' && { outcome: FAILED }), hours });
  if (!isFinal(job.status)) {
    const { ready, canceled } = yield* releaseDependents(view, workflow, job.ordinal, hasFailed);
    change.move(ready, 'ready');
    change.move(canceled, 'canceled');
  }
  return change.decided(replyOf(workflow, { ...written, status }));
}

const refusal = (
  workflow: Workflow,
  job: Job,
  { run_id: runId }: CompleteJobRequest,
  result: Result,
): DomainError | undefined => {
  const wrong = [runId, result.run_id].find((id) => id !== workflow.runId);
  if (wrong !== undefined) return wrongRun(wrong, workflow);
  if (result.job_key !== job.key) {
    return torcErrors.bad(`the result is of job ${result.job_key}, but the path names job ${job.key}`);
  }
  // D38: a job that was reset meanwhile is not complete, and runs as a new attempt.
  if (isFinal(job.status) && job.resultRunId === workflow.runId) {
    return torcErrors.badState(`job ${job.key} is ${job.status}, and has its result of run ${workflow.runId} already`);
  }
  return undefined;
};
