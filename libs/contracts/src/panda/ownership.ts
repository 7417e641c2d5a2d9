import { query } from '#bus/contract.js';

/** Who owns a task (PanDA contract 2.8): the compact name that is its `userName`; null when there is no such task. */
export const GetTaskOwner = query<{ readonly task_id: number }, { readonly name: string | null }>(
  'tasks',
  'panda.task-owner',
);
