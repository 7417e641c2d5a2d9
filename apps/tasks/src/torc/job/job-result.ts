import type { DomainError } from '#platform/domain-error.js';
import type { DocumentReply } from '#contracts/torc/documents.js';
import { documentText } from '../document/document-rows.js';
import { torcErrors } from '../torc-errors.js';
import type { StoredDocument, TorcView } from '../view.js';

/** `GET …/results/find_by_job/{key}`: the newest result of the job in the current run. */
export const jobResult = (
  view: Pick<TorcView, 'workflow' | 'job' | 'documentsWith'>,
  { workflow: workflowKey, key }: { readonly workflow: string; readonly key: string },
): DocumentReply | DomainError => {
  const workflow = view.workflow(workflowKey);
  if (workflow === undefined) return torcErrors.noWorkflow(workflowKey);
  const job = view.job(workflow, key);
  if (job === undefined) return torcErrors.noDocument('job', key, workflowKey);
  let newest: StoredDocument | undefined;
  for (const result of view.documentsWith(workflow, 'results', job.key)) {
    const { run_id: run } = JSON.parse(result.document) as { readonly run_id: number };
    if (run === workflow.runId) newest = result;
  }
  return newest === undefined
    ? torcErrors.noDocument(`result of job ${key} in run`, String(workflow.runId), workflowKey)
    : { document: documentText(workflow, 'results', newest) };
};
