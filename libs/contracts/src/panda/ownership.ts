import { query } from '#bus/contract.js';

/** Who owns a task (PanDA contract 2.8): the compact name that is its `userName`, and its VO; null when there is no such task. */
export interface TaskOwner {
  readonly name: string | null;
  readonly vo: string | null;
}

export const GetTaskOwner = query<{ readonly task_id: number }, TaskOwner>('tasks', 'panda.task-owner');
