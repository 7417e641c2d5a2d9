import type { Ranges } from '#contracts/work-events.js';
import type { WorkloadId } from '../../workload/workloads.js';

/** A larger set costs more than a look at the whole workload. */
const UNITS_MAX = 100_000;
const RANGES_MAX = 10_000;

/** The units and groups of a workload that have changed since it was last reconciled. */
export class DirtySet {
  /** Everything counts as changed. */
  whole = false;
  readonly units: [number, number][] = [];
  readonly groups: [number, number][] = [];
  private size = 0;

  addUnits(ranges: Ranges): void {
    this.add(this.units, ranges);
  }

  addGroups(ranges: Ranges): void {
    this.add(this.groups, ranges);
  }

  private add(present: [number, number][], ranges: Ranges): void {
    if (this.whole) return;
    for (const [first, last] of ranges) {
      const before = present.at(-1);
      if (before !== undefined && first <= before[1] + 1 && first >= before[0]) before[1] = Math.max(before[1], last);
      else present.push([first, last]);
      this.size += last - first + 1;
    }
    if (this.size > UNITS_MAX || present.length > RANGES_MAX) this.addAll();
  }

  addAll(): void {
    this.whole = true;
    this.units.length = 0;
    this.groups.length = 0;
  }
}

export type DirtySets = ReadonlyMap<WorkloadId, DirtySet>;
