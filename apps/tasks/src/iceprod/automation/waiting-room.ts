import type { UnitReader } from '../../engine/unit-row.js';
import { TaskCounts } from '../task/task-counts.js';

/** Tasks that may wait for workers at a time (contract 17). */
const WAITING_MAX = 250_000;

/** How many more tasks may wait for workers. */
export class WaitingRoom {
  private readonly counts: TaskCounts;

  constructor(private readonly reader: UnitReader) {
    this.counts = new TaskCounts(reader);
  }

  left(): number {
    const waiting = this.reader.words.status.find('waiting');
    return Math.max(0, WAITING_MAX - (waiting === undefined ? 0 : this.counts.total([waiting])));
  }
}
