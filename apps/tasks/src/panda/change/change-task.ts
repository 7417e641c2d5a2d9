import { resourceTypeOf } from '#contracts/panda/queues.js';
import type { JobStatus } from '#contracts/panda/statuses.js';
import type { TaskAttributes } from '#contracts/panda/task-attributes.js';
import type { ChangeableAttribute, ChangeTaskRequest, TaskReply } from '#contracts/panda/task-commands.js';
import { timeText } from '#contracts/panda/times.js';
import { rangesOf, rangesPerEvent } from '#contracts/ranges.js';
import type { JobsPrioritized } from '#contracts/panda/events.js';
import type { Decided, DecidedEvent, SlicedDecision } from '#event-sourcing/command.js';
import { jobPages } from '../pages.js';
import { SplitRules } from '../refine/split-rules.js';
import { taskAmended } from '../task-amended.js';
import type { PandaView, Task } from '../view.js';
import { increasedAttempts } from './increase-attempts.js';
import { reactivated } from './reactivate.js';

const MICROS_PER_HOUR = 3_600_000_000;

/** Statuses of which a task has one, now or behind what holds it, while its attempts may be increased (PanDA contract 4.1.8). */
const INCREASABLE = ['running', 'scouting', 'ready'];

/** Jobs whose priority follows their task's. */
const PRIORITIZED: readonly JobStatus[] = ['pending', 'defined', 'activated'];

const CHANGED = '1 tasks changed';

const answer = (code: number, message: string, events: readonly DecidedEvent[] = []): Decided<TaskReply> => ({
  events,
  reply: { code, message },
});

/** Changes a task at once (contract 4.1.8). */
export function* changeTask(
  view: PandaView,
  request: ChangeTaskRequest,
  timeMicros: number,
): SlicedDecision<TaskReply> {
  const { task_id: id } = request;
  const task = view.task(id);
  if (task === undefined) return answer(...unknownTask(request));
  switch (request.change) {
    case 'attribute':
      return answer(0, CHANGED, [taskAmended(task, attributeChanged(view, task, request.attribute, request.value))]);
    case 'modification_time':
      return answer(0, CHANGED, [
        taskAmended(task, { modificationTime: timeText(timeMicros + request.hours * MICROS_PER_HOUR) }),
      ]);
    case 'priority': {
      const jobs = yield* jobsPrioritized(view, task, request.priority);
      return answer(0, CHANGED, [taskAmended(task, { currentPriority: request.priority }), ...jobs]);
    }
    case 'split_rule': {
      const rules = SplitRules.parse(task.attributes.splitRule).withTag(request.tag, request.value ?? undefined);
      return answer(0, CHANGED, [taskAmended(task, { splitRule: rules.toText() })]);
    }
    case 'attempts': {
      const { status, attributes } = task;
      if (!INCREASABLE.includes(status) && !INCREASABLE.includes(attributes.oldStatus ?? '')) {
        const where = `status=${status} or oldStatus=${attributes.oldStatus ?? 'None'}`;
        return answer(2, `command rejected since ${where} not in ['running', 'scouting', 'ready']`);
      }
      const { events, inputs, reactivated: again } = yield* increasedAttempts(view, task, request.increase);
      return answer(0, `increased attemptNr for ${inputs} inputs (${again} reactivated)`, events);
    }
    case 'reactivate': {
      const { events, inputs } = yield* reactivated(view, task, request.keeps_attempts);
      return answer(0, reactivation(inputs, id), events);
    }
  }
}

const reactivation = (inputs: number, id: number): string => `updated ${inputs} inputs and task ${id} was reactivated `;

const unknownTask = ({ change, task_id: id }: ChangeTaskRequest): [code: number, message: string] => {
  if (change === 'attempts') return [1, `jediTaskID=${id} not found`];
  return change === 'reactivate' ? [0, reactivation(0, id)] : [2, 'Task not found'];
};

/** Jobs that are queued already keep their values. */
const attributeChanged = (view: PandaView, task: Task, name: ChangeableAttribute, value: number): TaskAttributes => {
  switch (name) {
    case 'ramCount':
      return { ramCount: value };
    case 'wallTime':
      return { walltime: value };
    case 'cpuTime':
      return { cpuTime: value };
    case 'coreCount': {
      const { ramCount, ramUnit, baseRamCount } = task.attributes;
      const ofType = { cores: value, ram: ramCount ?? 0, unit: ramUnit, base: baseRamCount ?? 0 };
      return { coreCount: value, resource_type: resourceTypeOf(view.resourceTypes(), ofType) };
    }
  }
};

function* jobsPrioritized(
  view: PandaView,
  task: Task,
  priority: number,
): Generator<void, readonly DecidedEvent[], void> {
  const ordinals: number[] = [];
  for (const page of jobPages(view, task, { statuses: PRIORITIZED })) {
    for (const { ordinal } of page) ordinals.push(ordinal);
    yield;
  }
  return rangesPerEvent(rangesOf(ordinals)).map((units) => {
    const data: JobsPrioritized = { units, priority };
    return { stream: task.stream, type: 'JobsPrioritized', data };
  });
}
