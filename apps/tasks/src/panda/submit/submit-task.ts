import { isObject, type JsonMembers } from '#platform/json-object.js';
import { valueInSlices } from '#contracts/json-in-slices.js';
import { membersOf, objectText } from '#contracts/raw-json.js';
import type { TaskSubmitted } from '#contracts/panda/events.js';
import type { Principal } from '#contracts/panda/principal.js';
import type { TaskStatus } from '#contracts/panda/statuses.js';
import type { RetryWithParametersRequest, SubmitTaskRequest, TaskReply } from '#contracts/panda/task-commands.js';
import type { Decided, DecidedEvent, SlicedDecision } from '#event-sourcing/command.js';
import { increasedAttempts, RETRY_ATTEMPTS } from '../change/increase-attempts.js';
import { refusalOf } from '../command/command-table.js';
import { commandRegistered, isRetriedAtOnce, retriedAtOnce } from '../command/register-command.js';
import { workStream } from '../streams.js';
import { taskAmended } from '../task-amended.js';
import { textEvents } from '../text-events.js';
import type { PandaView, Task } from '../view.js';
import { type Submission, submissionOf } from './submission.js';
import { attributesTakenOver, withTakenOver } from './taken-over.js';

/** Statuses that count for the limit of active tasks (PanDA contract 4.1.7, step 4). */
const ACTIVE: readonly TaskStatus[] = ['registered', 'defined', 'ready', 'scouting', 'running', 'paused', 'throttled'];

type SubmitReply = TaskReply & { readonly task_id: number | null };

const answer = (
  code: number,
  message: string,
  { id = null, events = [] }: { readonly id?: number | null; readonly events?: readonly DecidedEvent[] } = {},
): Decided<SubmitReply> => ({ events, reply: { code, message, task_id: id } });

/**
 * Registers a task, or executes one of the same name again (contract 4.1.7).
 *
 * @param activeMax active tasks that a user may have; 0 for no limit
 */
export function* submitTask(
  view: PandaView,
  request: SubmitTaskRequest,
  { activeMax }: { readonly activeMax: number },
): SlicedDecision<SubmitReply> {
  const parameters = yield* objectIn(request.parameters);
  if (parameters === undefined) return refused('the parameters are not a JSON object');
  const submission = submissionOf(parameters, request.principal, request.default_trans_path);
  if ('refusal' in submission) return refused(submission.refusal);
  const { userName, parentTaskName, document } = submission;
  const parent = parentTaskName === undefined ? undefined : view.newestTaskNamed(parentTaskName, { user: userName });
  if (parentTaskName !== undefined && parent === undefined) {
    return answer(11, `failed to find parent with user="${userName}" name=${parentTaskName}`);
  }
  const same = sameTask(view, submission);
  if (same !== undefined) return yield* executedAgain(view, same, document, request.principal);
  const active = activeMax === 0 ? 0 : view.countOfTasks(userName, ACTIVE);
  if (activeMax > 0 && active >= activeMax) {
    return answer(10, `Too many active tasks for ${userName} ${active + 1}>${activeMax}`);
  }
  const { parent_tid } = document;
  const given = request.parent_tid ?? (typeof parent_tid === 'number' ? parent_tid : null);
  return registered(view, submission, {
    parentId: parent?.id ?? given,
    text: filledText(request.parameters, parameters, document),
  });
}

/** A retry with other parameters: another execution of the task with them (contract 4.1.6). */
export function* retryWithParameters(view: PandaView, request: RetryWithParametersRequest): SlicedDecision<TaskReply> {
  const task = view.task(request.task_id);
  if (task === undefined) return answer(2, `jediTaskID=${request.task_id} not found`);
  const parameters = yield* objectIn(request.new_parameters);
  if (parameters === undefined) {
    return answer(1, 'new parameter conversion failed with the new parameters are not a JSON object');
  }
  if (!isRetriedAtOnce(task)) return yield* executedAgain(view, task, parameters, request.principal);
  const { events } = yield* increasedAttempts(view, task, RETRY_ATTEMPTS);
  const set = attributesTakenOver(task, parameters);
  const amended = taskAmended(task, set, 'parameters changed by a retry');
  return answer(3, retriedAtOnce(task), {
    events: [...(yield* documentChanged(view, task, parameters)), amended, ...events],
  });
}

const refused = (reason: string): Decided<SubmitReply> => answer(4, `failed to register task : ${reason}`);

/** The task that a document with a unique name stands for, if it exists already (step 5). */
const sameTask = (view: PandaView, submission: Submission): Task | undefined => {
  const { taskType, isUnique, isOfficial, taskName, userName, vo, label } = submission;
  if (taskType !== 'anal' || !isUnique) return undefined;
  return view.newestTaskNamed(taskName, { vo, label, ...(!isOfficial && { user: userName }) });
};

function* executedAgain(
  view: PandaView,
  task: Task,
  parameters: JsonMembers,
  { name: by, isProduction }: Principal,
): Generator<void, Decided<SubmitReply>, void> {
  const { id, status, attributes } = task;
  const outDs = `outDS=${attributes.taskName}`;
  if (status === 'registered') {
    return answer(1, `jediTaskID=${id} is already queued for ${outDs}. You cannot submit duplicated tasks. `);
  }
  if (refusalOf({ name: 'incexec', options: {}, isProduction }, status) !== undefined) {
    const advice = 'You can re-execute the task with the same or another input once it goes into finished/failed/done';
    return answer(2, `jediTaskID=${id} is in the ${status} state for ${outDs}. ${advice}`);
  }
  const message = `reactivation accepted. jediTaskID=${id} (currently in ${status} state) will be re-executed with old and/or new input`;
  const set = attributesTakenOver(task, parameters);
  const events = [
    ...(yield* documentChanged(view, task, parameters)),
    ...(Object.keys(set).length > 0 ? [taskAmended(task, set)] : []),
    commandRegistered(task, 'incexec', {}, { by, isProduction }),
  ];
  return answer(3, message, { id, events });
}

function* documentChanged(
  view: PandaView,
  task: Task,
  parameters: JsonMembers,
): Generator<void, readonly DecidedEvent[], void> {
  const stored = (yield* objectIn(view.taskText(task, 'parameters') ?? '{}')) ?? {};
  return textEvents(task.stream, 'parameters', JSON.stringify(withTakenOver(stored, parameters)));
}

/** The object that a text is; undefined when it is something else, or no JSON. */
function* objectIn(text: string): Generator<void, JsonMembers | undefined, void> {
  const value = yield* valueInSlices(text);
  return isObject(value) ? value : undefined;
}

/** The document as it was sent, but for what the server fills in. */
const filledText = (sent: string, parameters: JsonMembers, document: JsonMembers): string => {
  const filled = Object.entries(document).filter(([key, value]) => parameters[key] !== value);
  return objectText(
    new Map([...membersOf(sent), ...filled.map(([key, value]) => [key, JSON.stringify(value)] as const)]),
  );
};

const registered = (
  view: PandaView,
  { attributes }: Submission,
  { parentId, text }: { readonly parentId: number | null; readonly text: string },
): Decided<SubmitReply> => {
  const id = view.next('task');
  const stream = workStream(String(id));
  const data: TaskSubmitted = {
    workload_id: String(id),
    task_id: id,
    set: { ...attributes, ...(parentId !== null && { parent_tid: parentId }) },
  };
  const events = [{ stream, type: 'TaskSubmitted', data }, ...textEvents(stream, 'parameters', text)];
  return answer(0, `succeeded. new jediTaskID=${id}`, { id, events });
};
