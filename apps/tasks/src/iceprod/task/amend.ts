import { DomainError } from '#platform/domain-error.js';
import { isTooLargeAPatch, membersOf, outgrows } from '#contracts/raw-json.js';
import type { Decision } from '#event-sourcing/command.js';
import { amendTask as amended, taskDocument } from './document.js';
import { endedLease } from './ended-run.js';
import { ofUnit } from './moves.js';
import { taskErrors } from './task-errors.js';
import type { TaskView } from './view.js';

/** `PATCH /tasks/{task_id}`: sets any field, without checks of status words or transitions. */
export const amendTask = (
  view: TaskView,
  { task_id: id, fields }: { readonly task_id: string; readonly fields: string },
  timeMicros: number,
): Decision<{ document: string }> => {
  if (membersOf(fields).size === 0) return taskErrors.missingUpdate();
  if (isTooLargeAPatch(fields)) return taskErrors.tooLarge('Update data');
  const unit = view.unit(id);
  if (unit === undefined) return taskErrors.taskNotFound();
  const after = amended(unit, fields, timeMicros);
  if (after instanceof DomainError) return after;
  const document = taskDocument(after);
  if (outgrows(document, taskDocument(unit))) return taskErrors.tooLarge('Update data');
  const ended = endedLease(unit, after);
  const data = { fields, ...(ended !== undefined && { ended_lease_id: ended }) };
  return { events: [ofUnit(view, unit.key, 'UnitAmended', data)], reply: { document } };
};
