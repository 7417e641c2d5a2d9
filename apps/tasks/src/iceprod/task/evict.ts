import type { EvictedTask, EvictTasksRequest } from '#contracts/iceprod/tasks.js';
import type { UnitsEvicted } from '#contracts/work-events.js';
import type { SlicedDecision } from '#event-sourcing/command.js';
import { ChosenUnits } from './moves.js';
import type { TaskView } from './view.js';

/** Look-ups between two yields. */
const SLICE = 500;

/** How far the clocks of two services may be apart. */
const CLOCKS_APART_MICROS = 60_000_000;

/**
 * Tasks of an ended pilot go back to `waiting` if they still run and have no lease (contract 12.3). They are evicted, not failed.
 * Tasks that another pilot has started since are not changed.
 */
export function* evictTasks(
  view: TaskView,
  { tasks, reason, ended_micros: endedMicros }: EvictTasksRequest,
): SlicedDecision<{ evicted: readonly EvictedTask[] }> {
  const chosen = new ChosenUnits(view);
  const evicted: EvictedTask[] = [];
  for (const [index, id] of [...new Set(tasks)].entries()) {
    const unit = view.unit(id);
    const runs = unit?.status === 'processing' && unit.leaseId === '';
    if (runs && unit.changedMicros <= endedMicros + CLOCKS_APART_MICROS) {
      chosen.add(unit.key);
      evicted.push({ task_id: id, dataset_id: unit.workload });
    }
    if (index % SLICE === SLICE - 1) yield;
  }
  const data = (units: UnitsEvicted['units']): UnitsEvicted => ({ units, status: 'waiting', reason });
  return { events: chosen.events('UnitsEvicted', data), reply: { evicted } };
}
