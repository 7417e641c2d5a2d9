/** A worker of harvester, by its instance and its id there. */
export interface WorkerKey {
  readonly harvesterId: string;
  readonly workerId: number;
}

/** What the copy has of a worker (PanDA contract 3.7). */
export interface WorkerState {
  readonly status: string;
  readonly endTime: string | null;
  readonly diagMessage: string | null;
  /** 0 for none. */
  readonly errorCode: number;
  readonly syncLevel: number;
}

export interface WorkerView {
  worker(key: WorkerKey): WorkerState | undefined;
  /** PandaIDs of the worker's jobs behind one of them, ascending. */
  jobsOfWorker(key: WorkerKey, after: number, limit: number): readonly number[];
  /** The worker that was told of last among those of a job. */
  workerOfJob(pandaId: number): WorkerState | undefined;
  /** Final workers whose end says something of their jobs, and that were told of since a time, behind one of them. */
  decisiveWorkers(sinceMicros: number, after: WorkerKey | undefined, limit: number): readonly WorkerKey[];
}
