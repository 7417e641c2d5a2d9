import { Slices } from '#event-sourcing/slices.js';
import { afterRuns, deviationOf, NO_RUNS, type RunTimeSums, runTimesOf } from '../../engine/run-times.js';
import type { UnitReader } from '../../engine/unit-row.js';
import { COLUMNS_BEFORE, UnitScan } from '../../engine/unit-scan.js';
import type { WordId } from '../../engine/words.js';
import { gpuOf } from '../requirements.js';
import { LIST_START } from '../../workload/list-cursor.js';
import type { WorkloadId } from '../../workload/workloads.js';
import type { TaskCounts } from './task-counts.js';
import { ICEPROD } from '../streams.js';

/** Statistics of the complete tasks of one name (contract 7.5). */
const documentOf = (sums: RunTimeSums): string => {
  const [total, totalErr] = [sums.hours[0], sums.errHours[0]];
  const all = total + totalErr;
  return JSON.stringify({
    count: sums.count,
    gpu: sums.gpus[0],
    total_hrs: total,
    total_err_hrs: totalErr,
    avg_hrs: meanOf(sums),
    stddev_hrs: deviationOf(sums),
    min_hrs: sums.shortest,
    max_hrs: sums.longest,
    efficiency: all === 0 ? 0 : total / all,
  });
};

const RUN_COLUMNS = ['name', 'requirements', 'walltime', 'walltime_err'];

const meanOf = ({ count, hours }: RunTimeSums): number => hours[0] / count;

/** `GET /datasets/{dataset_id}/task_stats`, from stored sums, or from the tasks where the sums are vague. */
export class TaskStatisticsQuery {
  private readonly scan: UnitScan;
  private readonly kept: ReturnType<typeof runTimesOf>;

  constructor(
    private readonly reader: UnitReader,
    private readonly counts: TaskCounts,
  ) {
    this.scan = new UnitScan(reader.database);
    this.kept = runTimesOf(reader.database);
  }

  async statistics(datasetId: string): Promise<{ document: string }> {
    const byName = await this.sums(datasetId);
    const members = this.counts.names(datasetId).flatMap((name) => {
      const sums = byName.get(this.reader.words.name.find(name) ?? -1);
      return sums === undefined ? [] : [`${JSON.stringify(name)}:${documentOf(sums)}`];
    });
    return { document: `{${members.join(',')}}` };
  }

  /** How long the complete tasks of each name took on average. */
  async meanHours(datasetId: string): Promise<ReadonlyMap<string, number>> {
    const byName = await this.sums(datasetId);
    return new Map([...byName].map(([name, sums]) => [this.reader.words.name.wordOf(name), meanOf(sums)]));
  }

  private async sums(datasetId: string): Promise<ReadonlyMap<WordId, RunTimeSums>> {
    const workload = this.reader.workloads.find(ICEPROD, datasetId);
    if (workload === undefined) return new Map();
    const kept = this.kept(workload);
    return [...kept.values()].some(({ isVague }) => isVague) ? this.counted(workload) : kept;
  }

  /** Computes the sums from the dataset's complete tasks, in slices. */
  private async counted(workload: WorkloadId): Promise<ReadonlyMap<WordId, RunTimeSums>> {
    const byName = new Map<WordId, RunTimeSums>();
    const gpus = new Map<WordId, number>();
    const complete = this.reader.words.status.find(ICEPROD, 'complete');
    if (complete === undefined) return byName;
    const query = { workload, filter: { statuses: [complete] }, columns: RUN_COLUMNS };
    for await (const { rows } of this.scan.walk(query, LIST_START, new Slices())) {
      for (const row of rows) {
        const [name = -1, requirements = -1, hours = 0, errHours = 0] = row.slice(COLUMNS_BEFORE).map(Number);
        const gpu = gpus.get(requirements) ?? gpuOf(this.reader.words.requirements.wordOf(requirements));
        gpus.set(requirements, gpu);
        byName.set(name, afterRuns(byName.get(name) ?? NO_RUNS, { hours, errHours, gpus: gpu }, 1));
      }
    }
    return byName;
  }
}
