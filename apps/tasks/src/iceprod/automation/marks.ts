import type { Ranges } from '#contracts/work-events.js';
import type { WorkloadId } from '../../workload/workloads.js';

/** What is larger is cheaper looked at as a whole. */
const UNITS_MAX = 100_000;
const RANGES_MAX = 10_000;

/** What has changed in a workload since it was looked at last. */
export class Marks {
  /** Everything is to be looked at. */
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
    if (this.size > UNITS_MAX || present.length > RANGES_MAX) this.all();
  }

  all(): void {
    this.whole = true;
    this.units.length = 0;
    this.groups.length = 0;
  }
}

export type MarksByWorkload = ReadonlyMap<WorkloadId, Marks>;
