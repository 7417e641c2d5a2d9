import { setImmediate as breathe } from 'node:timers/promises';
import { nowMicros } from '#platform/clock.js';
import type { WorkloadId } from '../workload/workloads.js';
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
  /** Tasks that may run stay idle, because too many wait. */
  private isShort = false;
  private filledMs = 0;

  constructor(
    private readonly units: UnitsFound,
    private readonly standings: Standings,
    private readonly room: WaitingRoom,
    private readonly orders: Orders,
    private readonly steps: Steps,
  ) {}

  get isOff(): boolean {
    return !this.steps.queues && !this.steps.prioritizes;
  }

  /** Forgets what the round before has seen. */
  beginRound(): void {
    this.scaleNow = undefined;
    this.roomNow = undefined;
  }

  /** Looks at tasks, each with the dataset that lists it. */
  async order(found: readonly Found[]): Promise<void> {
    if (this.isOff) return;
    for (const [listing, units] of Map.groupBy(found, (unit) => unit.listing)) {
      const standing = this.standings.of(listing);
      if (standing?.status === 'processing') await this.orderListed(standing, units);
    }
  }

  /** Looks at all tasks of a processing dataset that may need something. */
  async orderAll(standing: Standing): Promise<void> {
    if (this.isOff) return;
    if (this.steps.prioritizes) this.weights.set(standing.workload, this.scale().weigh(standing));
    if (this.standings.count(standing.workload, ['idle']) > this.roomLeft()) this.isShort ||= this.steps.queues;
    for (const status of this.steps.prioritizes ? ['idle', 'waiting'] : ['idle']) {
      if (this.standings.count(standing.workload, [status]) === 0) continue;
      for (const found of this.units.ofStatus(standing.workload, status)) {
        await this.orderListed(standing, found);
        await breathe();
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
  get fillsInMs(): number | undefined {
    if (!this.isShort) return undefined;
    return this.room.left() >= FILL_ROOM ? 0 : Math.max(0, this.filledMs + FILL_MS - Date.now());
  }

  /** Lets the best of all tasks that may run have what room there is. */
  async fill(): Promise<void> {
    this.filledMs = Date.now();
    const best = new Best(this.room.left());
    for (const { workload } of this.scale().processing) {
      for (const found of this.units.ofStatus(workload, 'idle')) {
        for (const { key, isFree, priority } of found) if (isFree) best.offer(key, priority);
        await breathe();
      }
    }
    const keys = best.chosen();
    this.isShort = best.isShort;
    for (let from = 0; from < keys.length; from += UNITS_AT_ONCE) {
      const found = keys.slice(from, from + UNITS_AT_ONCE).flatMap((key) => this.units.byKey(key) ?? []);
      for (const [listing, units] of Map.groupBy(found, (unit) => unit.listing)) {
        const standing = this.standings.of(listing);
        if (standing?.status === 'processing') await this.orderUnits(standing, units, units);
      }
      await breathe();
    }
  }

  private async orderListed(standing: Standing, found: readonly Found[]): Promise<void> {
    const open = found.filter(({ status }) => status === 'idle' || status === 'waiting');
    if (open.length === 0) return;
    const free = this.steps.queues ? open.filter(({ status, isFree }) => status === 'idle' && isFree) : [];
    if (free.length > 0 && free.length > this.roomLeft()) this.isShort = true;
    // Whom there is no room for is compared with all others.
    await this.orderUnits(standing, open, this.isShort ? [] : free);
  }

  private async orderUnits(standing: Standing, found: readonly Found[], queued: readonly Found[]): Promise<void> {
    const weight = this.steps.prioritizes ? this.scale().weigh(standing) : undefined;
    const ordering = { queued, weight, driftMax: DRIFT_MAX, blocks: this.steps.queues };
    const queuedNow = await this.orders.order(standing, found, ordering);
    if (queuedNow > 0) this.roomNow = this.roomLeft() - queuedNow;
  }

  private scale(): Scale {
    return (this.scaleNow ??= this.standings.scale(nowMicros()));
  }

  private roomLeft(): number {
    return (this.roomNow ??= this.room.left());
  }
}
