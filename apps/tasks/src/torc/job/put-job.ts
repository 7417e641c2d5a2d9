import { membersOf, objectText } from '#contracts/raw-json.js';
import type { DocumentReply, PutDocumentRequest } from '#contracts/torc/documents.js';
import type { JobReplaced } from '#contracts/torc/events.js';
import { revisionText } from '#contracts/torc/ids.js';
import type { JobStatus } from '#contracts/torc/statuses.js';
import type { Decision } from '#event-sourcing/command.js';
import { refuseTooLarge } from '../document/size-limit.js';
import { torcErrors } from '../torc-errors.js';
import type { TorcView } from '../view.js';
import { internalFields } from './internal-fields.js';
import { jobDocument } from './job-document.js';

/**
 * `PUT /workflows/{workflow}/jobs/{key}`: may set any status, with no effect on other jobs (Torc contract 2.10). Without `internal`, the
 * server's numbers stay (D22).
 */
export const putJob = (
  view: Pick<TorcView, 'workflow' | 'job'>,
  { workflow: workflowKey, key, rev, fields, request_digest: digest }: Omit<PutDocumentRequest, 'collection'>,
): Decision<DocumentReply> => {
  const workflow = view.workflow(workflowKey);
  if (workflow === undefined) return torcErrors.noWorkflow(workflowKey);
  const job = view.job(workflow, key);
  if (job === undefined) return torcErrors.noDocument('job', key, workflowKey);
  if (job.requestDigest === digest) return { events: [], reply: { document: jobDocument(job, workflow) } };
  const current = revisionText(job.ordinal, job.writes);
  if (rev !== current) return torcErrors.changed('job', key, current);
  const given = membersOf(fields);
  const [rawStatus, rawInternal] = [given.get('status'), given.get('internal')];
  for (const name of ['status', 'internal']) given.delete(name);
  const document = objectText(new Map([...membersOf(job.document), ...given]));
  const refusal = refuseTooLarge(document);
  if (refusal !== undefined) return refusal;
  const status = rawStatus === undefined ? job.status : (JSON.parse(rawStatus) as JobStatus);
  const internal = internalFields(rawInternal);
  const data: JobReplaced = {
    units: [[job.ordinal, job.ordinal]],
    job: { document, status, ...internal },
    request_digest: digest,
  };
  const after = {
    ...job,
    document,
    status,
    writes: job.writes + 1,
    inputHash: internal.hash ?? job.inputHash,
    unit: {
      ...job.unit,
      requirements: internal.requirements ?? job.unit.requirements,
      site: internal.scheduler ?? job.unit.site,
    },
  };
  return {
    events: [{ stream: workflow.stream, type: 'JobReplaced', data }],
    reply: { document: jobDocument(after, workflow) },
  };
};
