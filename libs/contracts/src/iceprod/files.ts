import { command, query, type Nothing, type Page } from '#bus/contract.js';

/** The task of a file, by id (it need not exist) or by job index and name (it must exist). */
export type FileOwner = { readonly task_id: string } | { readonly job_index: number; readonly task_name: string };

/** Validated body of the two POST routes of IceProd contract 10; types are checked, words are not. */
export type AddFileRequest = FileOwner & {
  readonly dataset_id: string;
  readonly filename: string;
  readonly movement: string;
  readonly local?: string;
  readonly transfer?: string | boolean;
  readonly compression?: string | boolean;
};

export const AddFile = command<AddFileRequest, { task_id: string }>('tasks', 'file.add');
/** Entries are raw JSON documents in creation order. */
export const ListFiles = query<{ dataset_id: string; task_id?: string; cursor?: string }, Page>('tasks', 'files.list');
export const RemoveFiles = command<{ dataset_id: string; task_id: string }, Nothing>('tasks', 'files.remove');
