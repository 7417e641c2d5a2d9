import { nowMicros } from '#platform/clock.js';
import type { UnitKey } from '../../engine/unit.js';
import type { WorkloadId } from '../../workload/workloads.js';
import { HighestPriority } from './highest-priority.js';
import type { CommandSender } from './command-sender.js';
import type { PriorityScale, DatasetSnapshot, DatasetSnapshots } from './dataset-snapshot.js';
import type { FoundUnit, UnitFinder } from './unit-finder.js';
import type { Backlog } from './backlog.js';

/** Weights drift with time and with what others do: by how much they may be off. */
const DRIFT_MAX = 0.01;

/** While the backlog is full, the tasks of highest priority are looked for so often, or when so many places are free. */
const FILL_MS = 60_000;
const FILL_PLACES_MIN = 1_000;

const UNITS_AT_ONCE = 500;

/** Which of the two steps are switched on. */
interface Steps {
  readonly queues: boolean;
  readonly prioritizes: boolean;
}

/** Gives tasks of processing datasets their priorities and queues those that may run (contract 17, 18). */
export class Queueing {
  /** The weights at which the tasks of a dataset were last ranked as a whole. */
  private readonly weights = new Map<WorkloadId, number>();
  /** Of this round; read when first needed. */
  private scaleNow: PriorityScale | undefined;
  private freePlacesNow: number | undefined;
  /** Tasks found in this round that may run. Which of them get a place is known when all have been seen. */
  private readonly pending = new Set<UnitKey>();
  /** Tasks that may run stay idle, because the backlog is full. */
  private isShort = false;
  private filledMs = 0;

  constructor(
    private readonly units: UnitFinder,
    private readonly snapshots: DatasetSnapshots,
    private readonly backlog: Backlog,
    private readonly commands: CommandSender,
    private readonly steps: Steps,
    private readonly pause: () => Promise<void>,
  ) {}

  get isOff(): boolean {
    return !this.steps.queues && !this.steps.prioritizes;
  }

  /** Forgets what the previous round read. */
  beginRound(): void {
    this.scaleNow = undefined;
    this.freePlacesNow = undefined;
    this.pending.clear();
  }

  /**
   * Queues the tasks of this round that may run.
   *
   * @returns in how many milliseconds to look again; undefined if nothing is left
   */
  async finishRound(): Promise<number | undefined> {
    const hasPlacesForAll = !this.isShort;
    await this.queueKeys([...this.pending], hasPlacesForAll);
    this.pending.clear();
    if (this.fillsInMs === 0) await this.fill();
    return this.fillsInMs;
  }

  /** Ranks and queues tasks, each with the dataset that lists it. */
  async queue(found: readonly FoundUnit[]): Promise<void> {
    if (this.isOff) return;
    for (const [dataset, units] of this.processing(found)) await this.queueListed(dataset, units);
  }

  /** Ranks and queues all tasks of a processing dataset that may need it. */
  async queueAll(dataset: DatasetSnapshot): Promise<void> {
    if (this.isOff) return;
    if (this.steps.prioritizes) this.weights.set(dataset.workload, this.scale().weightOf(dataset));
    for (const status of this.steps.prioritizes ? ['idle', 'waiting'] : ['idle']) {
      if (this.snapshots.count(dataset.workload, [status]) === 0) continue;
      for (const found of this.units.ofStatus(dataset.workload, status)) {
        await this.queueListed(dataset, found);
        await this.pause();
      }
    }
  }

  /** Ranks the tasks of datasets whose weight has changed by what others do, or by time alone. */
  async reweigh(): Promise<void> {
    if (!this.steps.prioritizes) return;
    this.scaleNow = undefined;
    const scale = this.scale();
    for (const dataset of scale.processing) {
      const before = this.weights.get(dataset.workload);
      if (before !== undefined && Math.abs(scale.weightOf(dataset) - before) <= DRIFT_MAX) continue;
      await this.queueAll(dataset);
    }
  }

  /** How long until the backlog is filled again; undefined while all tasks that may run have a place. */
  private get fillsInMs(): number | undefined {
    if (!this.isShort) return undefined;
    return this.backlog.freePlaces() >= FILL_PLACES_MIN ? 0 : Math.max(0, this.filledMs + FILL_MS - Date.now());
  }

  /** Gives the free places to the tasks of highest priority. */
  private async fill(): Promise<void> {
    this.filledMs = Date.now();
    const best = new HighestPriority(this.backlog.freePlaces());
    for (const { workload } of this.scale().processing) {
      for (const found of this.units.ofStatus(workload, 'idle')) {
        for (const { key, isFree, priority } of found) if (isFree) best.offer(key, priority);
        await this.pause();
      }
    }
    const chosen = best.chosen();
    this.isShort = best.exceedsLimit;
    await this.queueKeys(chosen, true);
  }

  private async queueKeys(keys: readonly UnitKey[], queues: boolean): Promise<void> {
    for (let from = 0; from < keys.length; from += UNITS_AT_ONCE) {
      const found = keys.slice(from, from + UNITS_AT_ONCE).flatMap((key) => this.units.byKey(key) ?? []);
      for (const [dataset, units] of this.processing(found)) await this.queueUnits(dataset, units, queues ? units : []);
      await this.pause();
    }
  }

  /** Groups tasks by the processing dataset that lists them. */
  private processing(found: readonly FoundUnit[]): readonly (readonly [DatasetSnapshot, readonly FoundUnit[]])[] {
    return [...Map.groupBy(found, ({ listing }) => listing)].flatMap(([listing, units]) => {
      const dataset = this.snapshots.of(listing);
      return dataset?.status === 'processing' ? [[dataset, units] as const] : [];
    });
  }

  private async queueListed(dataset: DatasetSnapshot, found: readonly FoundUnit[]): Promise<void> {
    const open = found.filter(({ status }) => status === 'idle' || status === 'waiting');
    if (this.isShort || !this.steps.queues) {
      await this.queueUnits(dataset, open, []);
      return;
    }
    const [free, others] = [open.filter(mayWait), open.filter((unit) => !mayWait(unit))];
    for (const { key } of free) this.pending.add(key);
    if (this.pending.size > this.freePlaces()) this.isShort = true;
    await this.queueUnits(dataset, others, []);
  }

  private async queueUnits(
    dataset: DatasetSnapshot,
    found: readonly FoundUnit[],
    queued: readonly FoundUnit[],
  ): Promise<void> {
    if (found.length === 0) return;
    const weight = this.steps.prioritizes ? this.scale().weightOf(dataset) : undefined;
    await this.commands.queueTasks(dataset, found, { queued, weight, driftMax: DRIFT_MAX, blocks: this.steps.queues });
  }

  private scale(): PriorityScale {
    return (this.scaleNow ??= this.snapshots.scale(nowMicros()));
  }

  private freePlaces(): number {
    return (this.freePlacesNow ??= this.backlog.freePlaces());
  }
}

/** Whether a task may start to wait for workers. */
const mayWait = ({ status, isFree }: FoundUnit): boolean => status === 'idle' && isFree;
