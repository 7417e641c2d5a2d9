import type { EvictedTask, EvictTasksRequest } from '#contracts/iceprod/tasks.js';
import type { UnitsEvicted } from '#contracts/work-events.js';
import type { SlicedDecision } from '#event-sourcing/command.js';
import type { Unit } from '../../engine/unit.js';
import { ChosenUnits } from './moves.js';
import type { TaskView } from './view.js';

/** Look-ups between two yields. */
const SLICE = 500;

/** How far the clocks of two services may be apart. */
const CLOCKS_APART_MICROS = 60_000_000;

/** A pilot may report a start just after the heartbeat that names the task. */
const START_AFTER_HEARTBEAT_MICROS = 5_000_000;

type Ended = Pick<EvictTasksRequest, 'ended_micros' | 'last_heartbeat_micros' | 'holder'>;

/** Whether the ended pilot that listed the task still held it. */
const isHeld = (
  { status, leaseId, holder, changedMicros }: Unit,
  { ended_micros: ended, last_heartbeat_micros: heartbeat, holder: only }: Ended,
): boolean => {
  if (only !== undefined && holder !== only) return false;
  if (leaseId === '') return status === 'processing' && changedMicros <= ended + CLOCKS_APART_MICROS;
  if (heartbeat === undefined || (status !== 'processing' && status !== 'queued')) return false;
  return changedMicros <= heartbeat + START_AFTER_HEARTBEAT_MICROS;
};

/**
 * Tasks of an ended pilot go back to `waiting` if they still run and have no lease (contract 12.3). Tasks with a lease go back too
 * if the pilot had promised heartbeats: its last one says that it held them. They are evicted, not failed. Tasks that another
 * pilot has started since are not changed, nor are those that a pilot with a token of the role `worker` lists but does not hold.
 */
export function* evictTasks(
  view: TaskView,
  { tasks, reason, ...ended }: EvictTasksRequest,
): SlicedDecision<{ evicted: readonly EvictedTask[] }> {
  const chosen = new ChosenUnits(view);
  const evicted: EvictedTask[] = [];
  for (const [index, id] of [...new Set(tasks)].entries()) {
    const unit = view.unit(id);
    if (unit !== undefined && isHeld(unit, ended)) {
      chosen.add(unit.key);
      evicted.push({ task_id: id, dataset_id: unit.workload });
    }
    if (index % SLICE === SLICE - 1) yield;
  }
  const data = (units: UnitsEvicted['units']): UnitsEvicted => ({ units, status: 'waiting', reason });
  return { events: chosen.events('UnitsEvicted', data), reply: { evicted } };
}
