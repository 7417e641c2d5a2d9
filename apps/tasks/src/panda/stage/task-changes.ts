import { Injectable } from '@nestjs/common';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { workStream } from '../streams.js';
import { DueTasks } from './due-tasks.js';

/** Events of a task after which a stage may have something to do. Claims, starts and heartbeats never do. */
const TASK_EVENTS = [
  ...['TaskSubmitted', 'TaskMoved', 'TaskAmended', 'CommandRegistered', 'CommandExecuted', 'CommandDropped'],
  ...['DatasetsAdded', 'DatasetsMoved', 'FilesAdded', 'FilesReopened', 'FilesAmended'],
  ...['JobsCreated', 'UnitsMoved', 'UnitSucceeded', 'UnitFailed'],
];
const SITE_EVENTS = ['QueueConfigured', 'QueueRemoved', 'SharesConfigured', 'ResourceTypesConfigured'];
const TASK_STREAM = workStream('');

/**
 * Follows what happens to tasks and marks those that stages must look at. It has no tables, and it ignores rollbacks, because a look too many
 * does no harm.
 */
@Injectable()
export class TaskChanges implements Projection {
  readonly name = 'panda-task-changes';
  readonly version = 1;
  readonly streamPrefixes = [TASK_STREAM, 'site-panda.', 'directory-panda.'];
  readonly eventTypes = [...TASK_EVENTS, ...SITE_EVENTS];
  readonly tables = '';
  readonly indexes = '';
  readonly due = new DueTasks();
  private queuesChanged: (() => void) | undefined;

  attach(): ProjectionWriter {
    return { apply: (event) => this.track(event), forget: () => {} };
  }

  /** Called when queues, shares or resource types have changed: any task may find a place now. */
  onQueues(listener: () => void): void {
    this.queuesChanged = listener;
  }

  private track({ stream, type, data, metadata }: AppliedEvent): void {
    if (!stream.startsWith(TASK_STREAM)) {
      this.queuesChanged?.();
      return;
    }
    // A job that only goes on needs no look at its task.
    if (type === 'UnitsMoved' && data['end'] === undefined) return;
    const id = Number(stream.slice(TASK_STREAM.length));
    if (Number.isSafeInteger(id)) this.due.mark(id, metadata.correlationId);
  }
}
