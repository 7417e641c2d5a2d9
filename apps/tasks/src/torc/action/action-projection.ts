import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ActionClaimed, ActionCompleted, ActionsAdded, TorcEvents } from '#contracts/torc/events.js';
import type { AppliedEvent, Projection, ProjectionWriter } from '#event-sourcing/projection.js';
import { type WorkloadId, Workloads } from '../../workload/workloads.js';
import { ACTION_TABLES } from './action-rows.js';
import { workloadName } from '../../workload/told-names.js';

const EVENT_TYPES: readonly (keyof TorcEvents)[] = [
  'ActionsAdded',
  'ActionClaimed',
  'ActionCompleted',
  'WorkflowDeleted',
];

/** Actions of workflows, and their claims. */
export const actionProjection: Projection = {
  name: 'torc_action',
  version: 3,
  streamPrefixes: ['work-torc.'],
  eventTypes: EVENT_TYPES,
  tables: ACTION_TABLES,
  names: {
    'torc_action.workload': workloadName('t.workload'),
    'torc_action_claim.workload': workloadName('t.workload'),
  },
  indexes: '',
  attach: (database) => new ActionWriter(database),
};

class ActionWriter implements ProjectionWriter {
  private readonly workloads: Workloads;
  private readonly insert: StatementSync;
  private readonly insertClaim: StatementSync;
  private readonly complete: StatementSync;
  private readonly removals: readonly StatementSync[];

  constructor(database: DatabaseSync) {
    this.workloads = new Workloads(database);
    this.insert = database.prepare('INSERT OR REPLACE INTO torc_action VALUES (?, ?, ?, ?, ?)');
    this.insertClaim = database.prepare('INSERT OR REPLACE INTO torc_action_claim VALUES (?, ?, ?, ?, ?, ?, NULL)');
    this.complete = database.prepare(
      'UPDATE torc_action_claim SET is_successful = ? WHERE workload = ? AND number = ? AND run_id = ? AND worker = ?',
    );
    this.removals = ['torc_action', 'torc_action_claim'].map((table) =>
      database.prepare(`DELETE FROM ${table} WHERE workload = ?`),
    );
  }

  apply({ stream, type, data }: AppliedEvent): void {
    const workload = this.workloads.ensure(stream);
    // Only the deciders of this service write these events, so that their types are known.
    if (type === 'ActionsAdded') this.added(workload, data as object as ActionsAdded);
    else if (type === 'ActionClaimed') this.claimed(workload, data as object as ActionClaimed);
    else if (type === 'ActionCompleted') this.completed(workload, data as object as ActionCompleted);
    else for (const removal of this.removals) removal.run(workload);
  }

  forget(): void {
    this.workloads.forget();
  }

  private added(workload: WorkloadId, { actions }: ActionsAdded): void {
    for (const { number, document, jobs, scheduler } of actions) {
      this.insert.run(workload, number, document, JSON.stringify(jobs), scheduler ?? null);
    }
  }

  private claimed(workload: WorkloadId, data: ActionClaimed): void {
    const { number, run_id: runId, worker, until_micros: until } = data;
    const place = data.by_each_worker === true ? worker : '';
    this.insertClaim.run(workload, number, runId, place, worker, until ?? null);
  }

  private completed(
    workload: WorkloadId,
    { number, run_id: runId, worker, is_successful: isSuccessful }: ActionCompleted,
  ): void {
    this.complete.run(isSuccessful ? 1 : 0, workload, number, runId, worker);
  }
}
