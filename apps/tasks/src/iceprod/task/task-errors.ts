import { DomainError } from '#platform/domain-error.js';

/** Texts as in the IceProd contract, because clients read them. */
export const taskErrors = {
  taskNotFound: () => new DomainError('not-found', 'task.not-found', 'Task not found'),
  tasksNotFound: () => new DomainError('not-found', 'tasks.not-found', 'Tasks not found'),
  badStatus: () => new DomainError('invalid', 'task.bad-status', 'Bad status'),
  invalidStatus: () => new DomainError('invalid', 'task.invalid-status', 'invalid status'),
  unknownStatus: () => new DomainError('invalid', 'task.unknown-status', 'Unknown task status'),
  badTransition: () => new DomainError('state', 'task.bad-transition', 'Bad state transition for status'),
  missingInstance: () => new DomainError('invalid', 'task.missing-instance', 'Missing instance_id in body'),
  missingUpdate: () => new DomainError('invalid', 'task.no-update', 'Missing update data'),
  missingTasks: () => new DomainError('invalid', 'tasks.none', 'Missing tasks in body'),
  tooManyTasks: (max: number) => new DomainError('invalid', 'tasks.too-many', `too many tasks. must be <= ${max}`),
  tooLarge: (what: string) => new DomainError('invalid', 'request.too-large', `${what} too large`),
};
