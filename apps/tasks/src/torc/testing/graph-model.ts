import { isFinal, type JobStatus } from '#contracts/torc/statuses.js';

/** What Torc contract 5 says about statuses, in the shortest way: jobs are numbers, and rules are applied until nothing changes. */
export class GraphModel {
  readonly statuses: JobStatus[];
  /** Return code of the newest result of the present run. */
  readonly codes: (number | undefined)[];

  constructor(
    private readonly cancels: readonly boolean[],
    private readonly edges: readonly (readonly [blocker: number, dependent: number])[],
  ) {
    this.statuses = cancels.map(() => 'uninitialized');
    this.codes = cancels.map(() => undefined);
  }

  /** Contract 5.1, steps 4 and 5. Blockers have lower numbers than what they block. */
  initialize(onlyUninitialized: boolean): void {
    this.reset(this.all.filter((job) => this.statuses[job] === 'uninitialized'));
    for (const job of this.all) {
      const status = this.of(job);
      if (status === 'disabled' || (onlyUninitialized && status !== 'uninitialized')) continue;
      const blockers = this.blockersOf(job).map((at) => this.of(at));
      if (status === 'canceled' && blockers.every((one) => one === 'done' || one === 'canceled')) continue;
      if (blockers.some((one) => one !== 'done')) this.statuses[job] = 'blocked';
      else if (status !== 'done') this.statuses[job] = 'ready';
    }
  }

  /** Contract 5.5, with D2 and D3. */
  complete(job: number, status: JobStatus, code: number): void {
    const wasComplete = isFinal(this.of(job));
    this.codes[job] = code;
    this.statuses[job] = status;
    if (wasComplete) return;
    const failed = new Set(code === 0 ? [] : [job]);
    const ended = new Set([job]);
    const cancel = (at: number): void => {
      this.statuses[at] = 'canceled';
      failed.add(at);
      ended.add(at);
    };
    for (let before = ''; before !== this.statuses.join();) {
      before = this.statuses.join();
      for (const at of this.all.filter((one) => one !== job)) {
        const blockers = this.blockersOf(at);
        const dependents = this.dependentsOf(at);
        if (this.of(at) === 'blocked' && blockers.some((one) => ended.has(one))) {
          if (this.cancels[at] === true && blockers.some((one) => failed.has(one))) cancel(at);
          else if (blockers.every((one) => isFinal(this.of(one)))) this.statuses[at] = 'ready';
        }
        const isUnwanted = dependents.every((one) => this.of(one) === 'canceled');
        const isHere = dependents.some((one) => one !== job && ended.has(one));
        if (this.of(at) === 'ready' && isHere && isUnwanted) cancel(at);
      }
    }
  }

  /** Contract 5.9: submitted jobs are canceled. */
  cancel(): void {
    for (const job of this.all) if (this.of(job).startsWith('submitted')) this.statuses[job] = 'canceled';
  }

  /** Contract 5.9, with D25. */
  resetFailed(): void {
    const failed = this.all.filter((job) =>
      this.codes[job] === undefined ? this.of(job) === 'canceled' : this.codes[job] !== 0,
    );
    for (const job of failed) if (this.of(job) !== 'disabled') this.statuses[job] = 'uninitialized';
    this.reset(failed);
  }

  resetAll(): void {
    this.statuses.fill('uninitialized');
  }

  /** Contract 5.10. */
  manage(job: number, status: JobStatus): void {
    const isReset = isFinal(this.of(job)) && status === 'uninitialized';
    this.statuses[job] = status;
    if (isReset) this.reset([job]);
  }

  of(job: number): JobStatus {
    return this.statuses[job] ?? 'uninitialized';
  }

  get all(): readonly number[] {
    return [...this.cancels.keys()];
  }

  private blockersOf(job: number): number[] {
    return this.edges.flatMap(([blocker, dependent]) => (dependent === job ? [blocker] : []));
  }

  private dependentsOf(job: number): number[] {
    return this.edges.flatMap(([blocker, dependent]) => (blocker === job ? [dependent] : []));
  }

  /** Resets what comes after these, disabled jobs excepted (D27). */
  private reset(roots: readonly number[]): void {
    const reached = new Set(roots.flatMap((job) => this.dependentsOf(job)));
    for (const job of reached) {
      for (const dependent of this.dependentsOf(job)) reached.add(dependent);
      if (this.of(job) !== 'disabled') this.statuses[job] = 'uninitialized';
    }
  }
}
