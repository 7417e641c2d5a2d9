import type { UnitReader } from '../../engine/unit-row.js';
import { TaskCounts } from '../task/task-counts.js';
import { ICEPROD } from '../streams.js';

/** Tasks that may wait for workers at a time (contract 17). */
const WAITING_MAX = 250_000;

/** Bounds how many tasks wait for workers at a time. */
export class Backlog {
  private readonly counts: TaskCounts;

  constructor(
    private readonly reader: UnitReader,
    private readonly waitingMax = WAITING_MAX,
  ) {
    this.counts = new TaskCounts(reader);
  }

  /** How many more tasks may start to wait. */
  freePlaces(): number {
    const waiting = this.reader.words.status.find(ICEPROD, 'waiting');
    return Math.max(0, this.waitingMax - (waiting === undefined ? 0 : this.counts.total([waiting])));
  }
}
