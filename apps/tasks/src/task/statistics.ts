import { Slices } from '#projection/slices.js';
import { listingOf, type UnitReader } from '../engine/unit-row.js';
import type { WordId } from '../engine/words.js';
import { gpuOf } from '../iceprod/requirements.js';
import type { TaskCounts } from './task-counts.js';
import { START_PLACE, UnitScan } from './unit-scan.js';

/** Run times of the complete tasks of one name (contract 7.5). Deviations are summed as they come (Welford). */
class RunTimes {
  private count = 0;
  private gpu = 0;
  private totalHours = 0;
  private totalErrHours = 0;
  private minHours = Number.POSITIVE_INFINITY;
  private maxHours = Number.NEGATIVE_INFINITY;
  private meanHours = 0;
  private squares = 0;

  add(hours: number, errHours: number, gpu: number): void {
    this.count += 1;
    this.gpu += gpu;
    this.totalHours += hours;
    this.totalErrHours += errHours;
    this.minHours = Math.min(this.minHours, hours);
    this.maxHours = Math.max(this.maxHours, hours);
    const distance = hours - this.meanHours;
    this.meanHours += distance / this.count;
    this.squares += distance * (hours - this.meanHours);
  }

  get mean(): number {
    return this.totalHours / this.count;
  }

  document(): string {
    const all = this.totalHours + this.totalErrHours;
    return JSON.stringify({
      count: this.count,
      gpu: this.gpu,
      total_hrs: this.totalHours,
      total_err_hrs: this.totalErrHours,
      avg_hrs: this.mean,
      stddev_hrs: this.count > 1 ? Math.sqrt(this.squares / (this.count - 1)) : null,
      min_hrs: this.minHours,
      max_hrs: this.maxHours,
      efficiency: all === 0 ? 0 : this.totalHours / all,
    });
  }
}

/** `GET /datasets/{dataset_id}/task_stats`: walks the dataset's complete tasks, in slices. */
export class TaskStatisticsQuery {
  private readonly scan: UnitScan;

  constructor(
    private readonly reader: UnitReader,
    private readonly counts: TaskCounts,
  ) {
    this.scan = new UnitScan(reader.database);
  }

  async statistics(datasetId: string): Promise<{ document: string }> {
    const byName = await this.runTimes(datasetId);
    const members = this.counts.names(datasetId).flatMap((name) => {
      const times = byName.get(this.reader.words.name.find(name) ?? -1);
      return times === undefined ? [] : [`${JSON.stringify(name)}:${times.document()}`];
    });
    return { document: `{${members.join(',')}}` };
  }

  /** How long the complete tasks of each name took on average. */
  async meanHours(datasetId: string): Promise<ReadonlyMap<string, number>> {
    const byName = await this.runTimes(datasetId);
    return new Map([...byName].map(([name, times]) => [this.reader.words.name.wordOf(name), times.mean]));
  }

  private async runTimes(datasetId: string): Promise<ReadonlyMap<WordId, RunTimes>> {
    const byName = new Map<WordId, RunTimes>();
    const gpus = new Map<WordId, number>();
    const workload = this.reader.workloads.idOfDataset(datasetId);
    const complete = this.reader.words.status.find('complete');
    if (workload === undefined || complete === undefined) return byName;
    const slices = new Slices();
    const narrowing = { statuses: [complete] };
    let chunk = this.scan.chunk(workload, narrowing, START_PLACE);
    while (chunk !== undefined) {
      for (const row of chunk.rows) {
        if (row.status !== complete || listingOf(row) !== workload) continue;
        const gpu = gpus.get(row.requirements) ?? gpuOf(this.reader.words.requirements.wordOf(row.requirements));
        gpus.set(row.requirements, gpu);
        const times = byName.get(row.name) ?? new RunTimes();
        byName.set(row.name, times);
        times.add(row.walltime, row.walltime_err, gpu);
      }
      if (slices.spent) await slices.pause();
      chunk = this.scan.chunk(workload, narrowing, chunk.last);
    }
    return byName;
  }
}
