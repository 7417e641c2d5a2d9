import type { Document } from './documents.js';
import type { HttpClient } from '../../harness/http-client.js';
import { newTask } from './fixtures.js';

/** The statuses of tasks, in the order of the contract. */
export const TASK_STATUSES = ['idle', 'waiting', 'queued', 'processing', 'suspended', 'failed', 'complete'] as const;
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** The legal transitions of tasks (contract 7.2). */
export const TASK_MOVES: Readonly<Record<TaskStatus, readonly TaskStatus[]>> = {
  idle: ['waiting', 'suspended'],
  waiting: ['queued', 'idle', 'suspended'],
  queued: ['processing', 'idle', 'waiting', 'suspended', 'failed', 'complete'],
  processing: ['idle', 'waiting', 'queued', 'suspended', 'failed', 'complete'],
  suspended: ['idle', 'waiting'],
  failed: ['idle', 'waiting'],
  complete: [],
};

/** One task of each status, by status, as if each had run for a while. */
export const oneOfEach = async (
  client: HttpClient,
  datasetId: string,
  fields: Document = {},
): Promise<Readonly<Record<string, string>>> => {
  const tasks: Record<string, string> = {};
  for (const status of TASK_STATUSES) {
    tasks[status] = await newTask(client, datasetId, { status, instance_id: 'i', ...fields });
    await client.patch(`/tasks/${tasks[status]}`, { failures: 2, site: 'UW', walltime: 1.5 });
  }
  return tasks;
};
