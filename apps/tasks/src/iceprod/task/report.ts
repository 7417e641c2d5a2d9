import { numberOf } from '#contracts/iceprod/requirement-number.js';
import { kindOf, membersOf } from '#contracts/raw-json.js';
import type { ReportTaskRequest } from '#contracts/iceprod/tasks.js';
import type { TaskStatus } from '#contracts/iceprod/statuses.js';
import type { UnitFailed } from '#contracts/work-events.js';
import type { Decision } from '#event-sourcing/command.js';
import { pauseSeconds, retrySeconds } from '../../engine/back-off.js';
import type { Unit } from '../../engine/unit.js';
import { type RaiseLimits, raiseRequirements } from '../requirement-raise.js';
import { REPORT_TABLE } from '../status-table.js';
import { taskDocument } from './document.js';
import { ofUnit } from './moves.js';
import { taskErrors } from './task-errors.js';
import type { TaskView } from './view.js';

const SECONDS_PER_HOUR = 3600;

/** After more failures a legacy pilot's task fails for good (contract 7.6). */
const LEGACY_FAILURES_MAX = 10;

/** Maximum characters of a report's documents in its event. */
const DOCUMENT_CHARS_MAX = 100_000;

const hoursOf = ({ time_used: seconds }: ReportTaskRequest): number | undefined =>
  seconds === undefined ? undefined : seconds / SECONDS_PER_HOUR;

/** Hours in `resources` are not validated, so negative ones are ignored. */
const failedHours = (request: ReportTaskRequest, resources: string | undefined): number | undefined => {
  const reported = resources === undefined ? undefined : numberOf(membersOf(resources).get('time'));
  return hoursOf(request) ?? (reported !== undefined && reported >= 0 ? reported : undefined);
};

/** The status after a failed attempt. For legacy pilots without leases it is what IceProd's cron used to set. */
const afterFailure = (view: TaskView, unit: Unit, request: ReportTaskRequest, isLegacy: boolean): TaskStatus => {
  if (request.report === 'failed') return 'failed';
  if (!isLegacy) return 'waiting';
  if (view.dataset(unit.workload).debug) return 'suspended';
  return unit.failures + 1 > LEGACY_FAILURES_MAX ? 'failed' : 'waiting';
};

/** The back-off after a failure of a pilot that names itself. */
const backOff = (view: TaskView, unit: Unit, pilot: string): Partial<UnitFailed> => {
  const pause = pauseSeconds(view.pilot(pilot).failuresInARow + 1);
  return {
    worker_id: pilot,
    retry_after_seconds: retrySeconds(unit.failures + 1),
    ...(pause !== undefined && { worker_pause_seconds: pause }),
  };
};

const failure = (
  view: TaskView,
  unit: Unit,
  request: ReportTaskRequest,
  isLegacy: boolean,
  limits: RaiseLimits,
): object => {
  const isObject = request.resources !== undefined && kindOf(request.resources) === 'object';
  const resources = isObject ? request.resources : undefined;
  const hours = failedHours(request, resources);
  const raise = resources === undefined ? undefined : raiseRequirements(unit.requirements, resources, limits);
  return {
    status: afterFailure(view, unit, request, isLegacy),
    ...(hours !== undefined && { hours }),
    ...(resources !== undefined && resources.length <= DOCUMENT_CHARS_MAX && { resources }),
    ...(raise?.requirements !== undefined && { requirements: raise.requirements }),
    ...(raise !== undefined && raise.limited.length > 0 && { limited: raise.limited }),
    ...(request.site !== undefined && { site: request.site }),
    ...(request.reason !== undefined && { reason: request.reason.slice(0, DOCUMENT_CHARS_MAX) }),
    ...(request.pilot_id !== undefined && backOff(view, unit, request.pilot_id)),
  };
};

/** `POST /tasks/{task_id}/task_actions/processing | reset | failed | complete` (contract 7.6). */
export const reportTask = (
  view: TaskView,
  request: ReportTaskRequest,
  limits: RaiseLimits,
): Decision<{ document: string }> => {
  const { report, instance_id: instance, site } = request;
  const isLegacy = instance === undefined;
  if (isLegacy && report === 'processing') return taskErrors.missingInstance();
  const unit = view.unit(request.task_id);
  if (unit === undefined) return taskErrors.taskNotFound();
  if (isLegacy && unit.leaseId !== '') return taskErrors.missingInstance();
  if (!isLegacy && unit.leaseId !== instance) return taskErrors.taskNotFound();
  const { from, to } = REPORT_TABLE[report];
  // The reply is the document before the change (contract 7.6).
  const reply = { document: taskDocument(unit) };
  if (!from.includes(unit.status)) return unit.status === to ? { events: [], reply } : taskErrors.badTransition();
  if (report === 'reset' || report === 'failed') {
    return { events: [ofUnit(view, unit.key, 'UnitFailed', failure(view, unit, request, isLegacy, limits))], reply };
  }
  const given = { status: to, ...(site !== undefined && { site }) };
  if (report === 'processing') return { events: [ofUnit(view, unit.key, 'UnitStarted', given)], reply };
  const hours = hoursOf(request);
  const data = {
    ...given,
    ...(hours !== undefined && { hours }),
    ...(request.pilot_id !== undefined && { worker_id: request.pilot_id }),
  };
  return { events: [ofUnit(view, unit.key, 'UnitSucceeded', data)], reply };
};
