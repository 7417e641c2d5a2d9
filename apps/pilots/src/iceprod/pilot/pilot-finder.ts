import type { StatementSync } from 'node:sqlite';
import { Injectable } from '@nestjs/common';
import type { RunningWorker } from '#contracts/explain.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { Heartbeats } from '../../heartbeat/heartbeats.js';
import { type WorkerFinder, WorkerFinders } from '../../worker/worker-finders.js';
import { Documents } from '../document/documents.js';
import { pilotStream, runningWorkerOf } from './pilot.js';

/** Finds the pilot that lists a task; of several the latest. */
@Injectable()
export class PilotFinder implements WorkerFinder {
  private readonly pilots: Documents;
  private readonly pilotOfTask: StatementSync;

  constructor({ queries }: ReadModel, heartbeats: Heartbeats, finders: WorkerFinders) {
    this.pilots = new Documents(queries, 'pilot', 'pilot_id', (id) => heartbeats.lastMicros(pilotStream(id)));
    this.pilotOfTask = queries.prepare('SELECT pilot FROM pilot_task WHERE task = ? ORDER BY pilot DESC LIMIT 1');
    finders.register('iceprod', this);
  }

  findWorker(unitId: string): RunningWorker | undefined {
    const id = this.pilotOfTask.get(unitId)?.['pilot'];
    const document = typeof id === 'string' ? this.pilots.get(id) : undefined;
    return document === undefined ? undefined : runningWorkerOf(document);
  }
}
