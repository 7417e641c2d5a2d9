import type { WorkerFields } from '#contracts/panda/worker-events.js';

/** A worker as it is kept. */
export interface Worker {
  readonly fields: WorkerFields;
  /** Microseconds since the Unix epoch. */
  readonly lastUpdateMicros: number;
}

/** A command as it is kept (contract 3.10). */
export interface HarvesterCommand {
  readonly id: number;
  readonly harvesterId: string;
  readonly command: string;
  /** Raw JSON. */
  readonly params: string;
  readonly ackRequested: boolean;
  readonly status: 'new' | 'retrieved' | 'acknowledged';
  /** Microseconds since the Unix epoch. */
  readonly createdMicros: number;
}

/** A worker whose pilot has finished although harvester takes it for alive. */
export interface LeftWorker {
  readonly harvesterId: string;
  readonly workerId: number;
}

/** What deciders about harvester read. */
export interface HarvesterView {
  isInstance(harvesterId: string): boolean;
  /** A worker that harvester, or an acquisition of jobs, has told of. */
  worker(harvesterId: string, workerId: number): Worker | undefined;
  commandOf(harvesterId: string, name: string): HarvesterCommand | undefined;
  command(id: number): HarvesterCommand | undefined;
  /** The oldest commands of an instance that nobody has retrieved. */
  newCommands(harvesterId: string, limit: number): readonly HarvesterCommand[];
  nextCommandId(): number;
  /** Those whose pilot finished before a time, that no command has named since another, and that harvester told of since a third. */
  leftWorkers(
    times: { readonly finishedBefore: number; readonly namedBefore: number; readonly toldSince: number },
    limit: number,
  ): readonly LeftWorker[];
}
