export interface ModelJob {
  readonly isTolerant: boolean;
  readonly asksForNodes: boolean;
  /** Places of the files that it needs. */
  readonly inputs: readonly number[];
  /** Places of jobs. A blocker has a lower place than what it blocks. */
  readonly blockers: readonly number[];
  readonly dependents: number[];
  status: string;
  /** Return code of the newest result in this run. */
  code: number | undefined;
  /** The versions of the inputs when the job was completed last. */
  hash: string;
}

const COMPLETE = ['done', 'canceled', 'terminated'];
const CLAIMED = ['submitted', 'submitted_pending'];

/** What becomes of the jobs of a workflow (contract 4, 5), said as briefly as possible. */
export class Model {
  /** Jobs that a runner takes as soon as they are ready. */
  readonly claimed = new Set<number>();
  isCanceled = false;

  constructor(
    readonly jobs: readonly ModelJob[],
    readonly versions: number[],
  ) {}

  get isComplete(): boolean {
    return this.isCanceled || this.jobs.every(({ status }) => status === 'disabled' || COMPLETE.includes(status));
  }

  initialize(onlyUninitialized: boolean): void {
    this.reset(this.below(this.withStatus('uninitialized')));
    for (const job of this.jobs) {
      if (job.status === 'disabled' || (onlyUninitialized && job.status !== 'uninitialized')) continue;
      const before = job.blockers.map((place) => this.at(place).status);
      if (job.status === 'canceled' && before.every((status) => status === 'done' || status === 'canceled')) continue;
      if (before.some((status) => status !== 'done')) job.status = 'blocked';
      else if (job.status !== 'done') job.status = 'ready';
    }
  }

  claimAll(): void {
    for (const place of this.claimed)
      if (['ready', 'scheduled'].includes(this.at(place).status)) this.at(place).status = 'submitted';
  }

  complete(place: number, status: string, code: number): void {
    const job = this.at(place);
    const wasComplete = COMPLETE.includes(job.status);
    Object.assign(job, { status, code, hash: this.hashOf(job) });
    if (!wasComplete) this.release([[place, code !== 0]]);
  }

  schedule(): void {
    for (const job of this.jobs) if (job.status === 'ready' && job.asksForNodes) job.status = 'scheduled';
  }

  cancel(): void {
    this.isCanceled = true;
    for (const job of this.jobs) if (CLAIMED.includes(job.status)) job.status = 'canceled';
  }

  startRun(): void {
    for (const job of this.jobs) job.code = undefined;
  }

  resetJobs(failedOnly: boolean): void {
    if (!failedOnly) for (const job of this.jobs) job.status = 'uninitialized';
    const hasFailed = ({ status, code }: ModelJob): boolean =>
      (code ?? 0) !== 0 || (status === 'canceled' && code === undefined);
    const failed = this.places((job) => failedOnly && hasFailed(job));
    this.reset([...failed, ...this.below(failed)]);
  }

  setByHand(place: number, status: string): void {
    const isReset = COMPLETE.includes(this.at(place).status) && status === 'uninitialized';
    this.at(place).status = status;
    if (isReset) this.reset(this.below([place]));
  }

  /** Resolves with the places of the jobs that are to run again. */
  processChanges(): readonly number[] {
    const changed = this.places((job) => job.status === 'done' && job.hash !== this.hashOf(job));
    return this.reset([...changed, ...this.below(changed)]);
  }

  private release(completed: (readonly [place: number, hasFailed: boolean])[]): void {
    const canceled: number[] = [];
    const cancel = (place: number): void => {
      this.at(place).status = 'canceled';
      canceled.push(place);
      completed.push([place, true]);
    };
    for (;;) {
      for (let next = completed.shift(); next !== undefined; next = completed.shift()) {
        const [from, hasFailed] = next;
        for (const place of this.at(from).dependents) {
          const job = this.at(place);
          if (job.status !== 'blocked') continue;
          if (hasFailed && !job.isTolerant) cancel(place);
          else if (job.blockers.every((blocker) => COMPLETE.includes(this.at(blocker).status)))
            job.status = this.claimed.has(place) ? 'submitted' : 'ready';
        }
      }
      const unwanted = canceled
        .flatMap((place) => this.at(place).blockers)
        .find((place) => {
          const { status, dependents } = this.at(place);
          return status === 'ready' && dependents.every((each) => this.at(each).status === 'canceled');
        });
      if (unwanted === undefined) return;
      cancel(unwanted);
    }
  }

  private reset(places: readonly number[]): readonly number[] {
    const those = [...new Set(places)].filter(
      (place) => !['disabled', 'uninitialized'].includes(this.at(place).status),
    );
    for (const place of those) this.at(place).status = 'uninitialized';
    return those;
  }

  private below(places: readonly number[]): readonly number[] {
    const found = new Set(places.flatMap((place) => this.at(place).dependents));
    for (const place of found) for (const next of this.at(place).dependents) found.add(next);
    return [...found];
  }

  private hashOf({ inputs }: ModelJob): string {
    return inputs.map((file) => this.versions[file]).join();
  }

  private withStatus(status: string): readonly number[] {
    return this.places((job) => job.status === status);
  }

  private places(isWanted: (job: ModelJob) => boolean): readonly number[] {
    return this.jobs.flatMap((job, place) => (isWanted(job) ? [place] : []));
  }

  private at(place: number): ModelJob {
    const job = this.jobs[place];
    if (job === undefined) throw new Error(`no job ${place}`);
    return job;
  }
}
