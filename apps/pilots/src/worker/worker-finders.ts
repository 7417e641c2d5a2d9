import { Injectable } from '@nestjs/common';
import type { RunningWorker } from '#contracts/explain.js';
import { DialectRegistry } from '#event-sourcing/dialect-registry.js';

/** How a dialect finds its worker that says that it runs a unit. */
export interface WorkerFinder {
  findWorker(unitId: string): RunningWorker | undefined;
}

/** The finders of all dialects. */
@Injectable()
export class WorkerFinders extends DialectRegistry<WorkerFinder> {}
