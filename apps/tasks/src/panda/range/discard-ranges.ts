import type { RangesDiscarded } from '#contracts/panda/range-events.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import type { PandaView, Task } from '../view.js';

/** All ranges of a task are discarded, if it has some: `discard_events` of a retry (contract 4.1.6, 4.3). */
export const discardRanges = ({ ranges }: Pick<PandaView, 'ranges'>, task: Task): DecidedEvent[] => {
  if (ranges.nextOrdinal(task.workload) === 0) return [];
  const data: RangesDiscarded = {};
  return [{ stream: task.stream, type: 'RangesDiscarded', data }];
};
