import { command, type Page, query } from '#bus/contract.js';
import type { DocumentReply, Paging, TorcListPage } from './documents.js';
import type { JobRequest } from './jobs.js';
import type { WorkflowRequest } from './workflows.js';

/** Torc contract 5.18. The body as it came: it may be very large, and is read in the service. */
export const CreateFromSpecification = command<{ readonly body: string }, DocumentReply>(
  'tasks',
  'torc.specification.create',
);
/** Pieces of the text of a specification: joined, they are one JSON object. */
export const ExportSpecification = query<WorkflowRequest & { readonly cursor?: string }, Page>(
  'tasks',
  'torc.specification.export',
);
export const ListJobSpecifications = query<WorkflowRequest & Paging & { readonly cursor?: string }, TorcListPage>(
  'tasks',
  'torc.specification.list-jobs',
);
export const GetJobSpecification = query<JobRequest, DocumentReply>('tasks', 'torc.specification.get-job');
