import { nowMicros } from '#platform/clock.js';
import type { UnitKey } from '../../engine/unit.js';
import type { WorkloadId } from '../../workload/workloads.js';
import { Best } from './best.js';
import type { Orders } from './orders.js';
import type { Scale, Standing, Standings } from './standing.js';
import type { Found, UnitsFound } from './units-found.js';
import type { WaitingRoom } from './waiting-room.js';

/** Weights drift with time and with what others do: by how much they may be off. */
const DRIFT_MAX = 0.01;

/** While more tasks may run than may wait, the best of all are looked for so often, or when so much room is there. */
const FILL_MS = 60_000;
const FILL_ROOM = 1_000;

const UNITS_AT_ONCE = 500;

/** Which of the two steps are switched on. */
interface Steps {
  readonly queues: boolean;
  readonly prioritizes: boolean;
}

/** Gives tasks of processing datasets their priorities and lets those wait for workers that may run (contract 17, 18). */
export class Queueing {
  /** Those by which the tasks of a dataset were looked at as a whole. */
  private readonly weights = new Map<WorkloadId, number>();
  /** As of this round, taken when first needed. */
  private scaleNow: Scale | undefined;
  private roomNow: number | undefined;
  /** Those that may run, found in this round: who gets the room is known when all have been seen. */
  private readonly pending = new Set<UnitKey>();
  /** Tasks that may run stay idle, because too many wait. */
  private isShort = false;
  private filledMs = 0;

  constructor(
    private readonly units: UnitsFound,
    private readonly standings: Standings,
    private readonly room: WaitingRoom,
    private readonly orders: Orders,
    private readonly steps: Steps,
    private readonly pause: () => Promise<void>,
  ) {}

  get isOff(): boolean {
    return !this.steps.queues && !this.steps.prioritizes;
  }

  /** Forgets what the round before has seen. */
  beginRound(): void {
    this.scaleNow = undefined;
    this.roomNow = undefined;
    this.pending.clear();
  }

  /** Lets those of the tasks looked at wait that may. @returns in how many milliseconds to look again, if at all */
  async finishRound(): Promise<number | undefined> {
    const isRoomForAll = !this.isShort;
    await this.orderKeys([...this.pending], isRoomForAll);
    this.pending.clear();
    if (this.fillsInMs === 0) await this.fill();
    return this.fillsInMs;
  }

  /** Looks at tasks, each with the dataset that lists it. */
  async order(found: readonly Found[]): Promise<void> {
    if (this.isOff) return;
    for (const [standing, units] of this.processing(found)) await this.orderListed(standing, units);
  }

  /** Looks at all tasks of a processing dataset that may need something. */
  async orderAll(standing: Standing): Promise<void> {
    if (this.isOff) return;
    if (this.steps.prioritizes) this.weights.set(standing.workload, this.scale().weigh(standing));
    for (const status of this.steps.prioritizes ? ['idle', 'waiting'] : ['idle']) {
      if (this.standings.count(standing.workload, [status]) === 0) continue;
      for (const found of this.units.ofStatus(standing.workload, status)) {
        await this.orderListed(standing, found);
        await this.pause();
      }
    }
  }

  /** Looks at datasets whose weight has changed by what others do, or by time alone. */
  async reweigh(): Promise<void> {
    if (!this.steps.prioritizes) return;
    this.scaleNow = undefined;
    const scale = this.scale();
    for (const standing of scale.processing) {
      const before = this.weights.get(standing.workload);
      if (before !== undefined && Math.abs(scale.weigh(standing) - before) <= DRIFT_MAX) continue;
      await this.orderAll(standing);
    }
  }

  /** How long until the best of all tasks are to be looked for; undefined while all that may run may wait as well. */
  private get fillsInMs(): number | undefined {
    if (!this.isShort) return undefined;
    return this.room.left() >= FILL_ROOM ? 0 : Math.max(0, this.filledMs + FILL_MS - Date.now());
  }

  /** Lets the best of all tasks that may run have what room there is. */
  private async fill(): Promise<void> {
    this.filledMs = Date.now();
    const best = new Best(this.room.left());
    for (const { workload } of this.scale().processing) {
      for (const found of this.units.ofStatus(workload, 'idle')) {
        for (const { key, isFree, priority } of found) if (isFree) best.offer(key, priority);
        await this.pause();
      }
    }
    const chosen = best.chosen();
    this.isShort = best.isShort;
    await this.orderKeys(chosen, true);
  }

  private async orderKeys(keys: readonly UnitKey[], queues: boolean): Promise<void> {
    for (let from = 0; from < keys.length; from += UNITS_AT_ONCE) {
      const found = keys.slice(from, from + UNITS_AT_ONCE).flatMap((key) => this.units.byKey(key) ?? []);
      for (const [standing, units] of this.processing(found))
        await this.orderUnits(standing, units, queues ? units : []);
      await this.pause();
    }
  }

  /** Tasks by the processing dataset that lists them. */
  private processing(found: readonly Found[]): readonly (readonly [Standing, readonly Found[]])[] {
    return [...Map.groupBy(found, ({ listing }) => listing)].flatMap(([listing, units]) => {
      const standing = this.standings.of(listing);
      return standing?.status === 'processing' ? [[standing, units] as const] : [];
    });
  }

  private async orderListed(standing: Standing, found: readonly Found[]): Promise<void> {
    const open = found.filter(({ status }) => status === 'idle' || status === 'waiting');
    if (this.isShort || !this.steps.queues) {
      await this.orderUnits(standing, open, []);
      return;
    }
    const [free, others] = [open.filter(mayWait), open.filter((unit) => !mayWait(unit))];
    for (const { key } of free) this.pending.add(key);
    if (this.pending.size > this.roomLeft()) this.isShort = true;
    await this.orderUnits(standing, others, []);
  }

  private async orderUnits(standing: Standing, found: readonly Found[], queued: readonly Found[]): Promise<void> {
    if (found.length === 0) return;
    const weight = this.steps.prioritizes ? this.scale().weigh(standing) : undefined;
    await this.orders.order(standing, found, { queued, weight, driftMax: DRIFT_MAX, blocks: this.steps.queues });
  }

  private scale(): Scale {
    return (this.scaleNow ??= this.standings.scale(nowMicros()));
  }

  private roomLeft(): number {
    return (this.roomNow ??= this.room.left());
  }
}

/** Whether a task may wait for workers from now on. */
const mayWait = ({ status, isFree }: Found): boolean => status === 'idle' && isFree;
