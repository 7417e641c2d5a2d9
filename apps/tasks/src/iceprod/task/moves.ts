import { rangesPerEvent } from '#contracts/ranges.js';
import type { Ranges, UnitsMoved } from '#contracts/work-events.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import type { UnitKey } from '../../engine/unit.js';
import { ordinalOfKey, workloadOfKey } from '../../workload/member-key.js';
import type { TaskView } from './view.js';

type Clears = UnitsMoved['clears'];

/** Collects ordinals, mostly ascending, as ranges: a whole workload takes only a few of them. */
class GrowingRanges {
  private readonly ranges: [number, number][] = [];
  private isAscending = true;

  add(ordinal: number): void {
    const last = this.ranges.at(-1);
    if (last !== undefined && ordinal === last[1] + 1) {
      last[1] = ordinal;
      return;
    }
    if (last !== undefined && ordinal <= last[1]) this.isAscending = false;
    this.ranges.push([ordinal, ordinal]);
  }

  /** Ascending and disjoint. */
  finished(): Ranges {
    if (this.isAscending) return this.ranges;
    const merged: [number, number][] = [];
    for (const [first, last] of this.ranges.toSorted(([a], [b]) => a - b)) {
      const before = merged.at(-1);
      if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
      else merged.push([first, last]);
    }
    return merged;
  }
}

/** Units chosen by a command, by the stream in which they change. */
export class ChosenUnits {
  private readonly byWorkload = new Map<number, { readonly stream: string; readonly ranges: GrowingRanges }>();
  private size = 0;

  constructor(private readonly view: Pick<TaskView, 'streamOf'>) {}

  get count(): number {
    return this.size;
  }

  add(key: UnitKey): void {
    const workload = workloadOfKey(key);
    let present = this.byWorkload.get(workload);
    if (present === undefined) {
      present = { stream: this.view.streamOf(key), ranges: new GrowingRanges() };
      this.byWorkload.set(workload, present);
    }
    present.ranges.add(ordinalOfKey(key));
    this.size += 1;
  }

  /** One event per stream and size limit, whatever the number of units. */
  events(type: string, dataFor: (units: Ranges) => object): DecidedEvent[] {
    return [...this.byWorkload.values()].flatMap(({ stream, ranges }) =>
      rangesPerEvent(ranges.finished()).map((units) => ({ stream, type, data: dataFor(units) })),
    );
  }
}

export const movedTo =
  (status: string, clears: Clears = []) =>
  (units: Ranges): UnitsMoved => ({ units, status, ...(clears.length > 0 && { clears }) });

/** An event of a single unit. */
export const ofUnit = (view: Pick<TaskView, 'streamOf'>, key: UnitKey, type: string, data: object): DecidedEvent => {
  const ordinal = ordinalOfKey(key);
  return { stream: view.streamOf(key), type, data: { units: [[ordinal, ordinal]], ...data } };
};
