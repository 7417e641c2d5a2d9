import type { Nothing } from '#bus/contract.js';
import type { BulkAction } from '#contracts/iceprod/jobs.js';
import type { TaskSelection } from '#contracts/iceprod/tasks.js';
import type { SlicedDecision } from '#event-sourcing/command.js';
import { withSiteAsText } from '#contracts/iceprod/requirement-change.js';
import { ACTION_TABLE, isTaskStatus, RESET_ALIAS } from '../status-table.js';
import { ChosenUnits, movedTo } from './moves.js';
import { taskErrors } from './task-errors.js';
import type { Selected, TaskView } from './view.js';

/** Maximum tasks or jobs in one bulk request (contract 7.7). */
const TASKS_PER_REQUEST_MAX = 100_000;

/** Look-ups between two yields. */
const SLICE = 250;

/** `POST bulk_status`: forced, even from `complete`. With a dataset only its tasks change. */
export function* setTasksStatus(
  view: TaskView,
  request: { readonly dataset_id?: string; readonly tasks: readonly string[]; readonly status: string },
): SlicedDecision<Nothing> {
  const { dataset_id: datasetId, tasks, status } = request;
  const isReset = status === RESET_ALIAS;
  if (!isReset && !isTaskStatus(status)) return taskErrors.badStatus();
  if (tasks.length === 0) return taskErrors.missingTasks();
  if (tasks.length > TASKS_PER_REQUEST_MAX) return taskErrors.tooManyTasks(TASKS_PER_REQUEST_MAX);
  const chosen = new ChosenUnits(view);
  for (const [index, id] of [...new Set(tasks)].entries()) {
    const unit = view.find(id);
    if (unit !== undefined && (datasetId === undefined || unit.workload === datasetId)) chosen.add(unit.key);
    if (index % SLICE === SLICE - 1) yield;
  }
  if (chosen.count === 0) return taskErrors.tasksNotFound();
  const moved = isReset ? movedTo('idle', ['lease', 'failures']) : movedTo(status, ['lease']);
  return { events: chosen.events('UnitsMoved', moved), reply: {} };
}

function* listedTasks(view: TaskView, datasetId: string, ids: readonly string[]): Iterable<readonly Selected[]> {
  for (let from = 0; from < ids.length; from += SLICE) {
    yield ids.slice(from, from + SLICE).flatMap((id) => {
      const unit = view.find(id);
      return unit?.workload === datasetId ? [unit] : [];
    });
  }
}

function* ofJobs(view: TaskView, datasetId: string, jobs: readonly string[]): Iterable<readonly Selected[]> {
  for (const [index, job] of [...new Set(jobs)].entries()) {
    yield* view.unitsOfJob(datasetId, job);
    // Jobs without tasks yield nothing themselves.
    if (index % SLICE === SLICE - 1) yield [];
  }
}

const selected = (view: TaskView, { dataset_id, jobs, tasks }: TaskSelection): Iterable<readonly Selected[]> => {
  if (jobs !== undefined) return ofJobs(view, dataset_id, jobs);
  return tasks === undefined ? view.unitsOf(dataset_id) : listedTasks(view, dataset_id, [...new Set(tasks)]);
};

/** `POST bulk_suspend | bulk_reset | bulk_hard_reset` (contract 7.3, 7.7). */
export function* actOnTasks(
  view: TaskView,
  request: TaskSelection & { readonly action: BulkAction },
): SlicedDecision<Nothing> {
  const named = request.jobs ?? request.tasks ?? [];
  if (named.length > TASKS_PER_REQUEST_MAX) return taskErrors.tooManyTasks(TASKS_PER_REQUEST_MAX);
  const { from, to, clears } = ACTION_TABLE[request.action];
  const chosen = new ChosenUnits(view);
  for (const slice of selected(view, request)) {
    for (const { key, status } of slice) if (from === undefined || from.includes(status)) chosen.add(key);
    yield;
  }
  return { events: chosen.events('UnitsMoved', movedTo(to, clears)), reply: {} };
}

/** `PATCH` and `POST bulk_requirements/{name}`: changes all tasks of that name in any status. */
export function* setRequirements(
  view: TaskView,
  request: {
    readonly dataset_id: string;
    readonly name: string;
    readonly mode: 'merge' | 'replace';
    readonly requirements: string;
  },
): SlicedDecision<Nothing> {
  const { dataset_id: datasetId, name, mode } = request;
  // Sites are strings, even when a client sends a number.
  const requirements = withSiteAsText(request.requirements);
  const chosen = new ChosenUnits(view);
  for (const slice of view.unitsNamed(datasetId, name)) {
    for (const { key } of slice) chosen.add(key);
    yield;
  }
  if (chosen.count === 0) return taskErrors.tasksNotFound();
  const events = chosen.events('TaskRequirementsSet', (units) => ({ units, name, mode, requirements }));
  return { events, reply: {} };
}
