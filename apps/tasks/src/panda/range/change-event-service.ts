import type { EnableCloningRequest, EnableJumboRequest, TaskFound } from '#contracts/panda/ranges.js';
import type { TaskAttributes } from '#contracts/panda/task-attributes.js';
import type { Decided, Decision } from '#event-sourcing/command.js';
import { refusalOf } from '../command/command-table.js';
import { commandRegistered } from '../command/register-command.js';
import { SplitRules } from '../refine/split-rules.js';
import { taskAmended } from '../task-amended.js';
import type { PandaView, Task } from '../view.js';
import { TASK_FLAVOURS } from './flavour.js';

const NOT_FOUND: Decision<TaskFound> = { events: [], reply: { is_found: false } };

const changed = (task: Task, set: TaskAttributes): Decided<TaskFound> => ({
  events: [taskAmended(task, set)],
  reply: { is_found: true },
});

/** New jobs of the task are clones (contract 5.4). */
export const enableCloning = (
  view: PandaView,
  { task_id: id, mode, multiplicity, sites }: EnableCloningRequest,
): Decision<TaskFound> => {
  const task = view.task(id);
  if (task === undefined) return NOT_FOUND;
  const rules = SplitRules.parse(task.attributes.splitRule)
    .with('useJobCloning', mode)
    .with('nEventsPerWorker', 1)
    .with('nEsConsumers', multiplicity)
    .with('nSitesPerJob', sites);
  return changed(task, { splitRule: rules.toText(), eventService: TASK_FLAVOURS.cloning });
};

export const disableCloning = (view: PandaView, { task_id: id }: { readonly task_id: number }): Decision<TaskFound> => {
  const task = view.task(id);
  if (task === undefined) return NOT_FOUND;
  const rules = SplitRules.parse(task.attributes.splitRule)
    .with('useJobCloning', null)
    .with('nEventsPerWorker', null)
    .with('nEsConsumers', null)
    .with('nSitesPerJob', null);
  return changed(task, { splitRule: rules.toText(), eventService: TASK_FLAVOURS.none });
};

/** The task gets jumbo jobs (contract 5.4), and need not wait for its scouts (D11). */
export const enableJumbo = (
  view: PandaView,
  { task_id: id, total, per_site: perSite, principal }: EnableJumboRequest,
): Decision<TaskFound> => {
  const task = view.task(id);
  if (task === undefined) return NOT_FOUND;
  if (total <= 0) return changed(task, { useJumbo: 'D' });
  const rules = SplitRules.parse(task.attributes.splitRule)
    .with('nJumboJobs', total)
    .with('maxJumboPerSite', perSite > 0 ? perSite : total);
  const { events, reply } = changed(task, { splitRule: rules.toText(), useJumbo: 'W' });
  const { name: by, isProduction } = principal;
  const isRefused = refusalOf({ name: 'avalanche', options: {}, isProduction }, task.status) !== undefined;
  return {
    events: isRefused ? events : [...events, commandRegistered(task, 'avalanche', {}, { by, isProduction })],
    reply,
  };
};
