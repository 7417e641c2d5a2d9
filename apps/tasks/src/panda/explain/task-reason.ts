import { inputCounts } from '../file/input-counts.js';
import type { Dataset, Task } from '../view.js';

/** Without the full stop that the sentence gets. */
const trimmed = (text: string): string => text.trim().replace(/\.$/u, '');

const files = (datasets: readonly Dataset[]): string => {
  const { files: all, finished, failed } = inputCounts(datasets);
  return `${finished} of ${all} inputs are finished, ${failed} have failed for good`;
};

/** Says in one sentence why a task is where it is: it names the first thing that has to change. */
export const taskReason = (task: Task, datasets: readonly Dataset[]): string => {
  const { status, attributes, command } = task;
  const why = attributes.errorDialog === null ? '' : trimmed(attributes.errorDialog);
  const because = why === '' ? '' : `: ${why}`;
  if (command !== undefined) return `It is ${status}, and the command ${command.name} is being carried out.`;
  switch (status) {
    case 'registered':
    case 'defined':
      return `Its parameters and inputs are being read${because}.`;
    case 'pending':
      return why === ''
        ? `It cannot go on now; it tries again and returns to ${attributes.oldStatus ?? 'its status'}.`
        : `It cannot go on now: ${why}. It tries again and returns to ${attributes.oldStatus ?? 'its status'}.`;
    case 'scouting':
      return `Its first jobs are tried before the others are made: ${files(datasets)}.`;
    case 'ready':
    case 'running':
      return `Its jobs are made and run: ${files(datasets)}.`;
    case 'throttled':
      return `So many of its jobs wait for pilots that no more are made${because}.`;
    case 'paused':
      return 'An operator has paused it: task/resume lets it go on.';
    case 'exhausted':
      return `It is stopped until somebody decides${because}. task/retry with the production role lets it go on, task/finish ends it.`;
    case 'done':
      return 'All of its inputs are finished.';
    case 'finished':
    case 'failed':
      return `It is ${status}: ${files(datasets)}${why === '' ? '' : `; ${why}`}. task/retry runs what has failed again.`;
    case 'broken':
      return `It could not be made into jobs${because}. It must be submitted anew.`;
    case 'aborted':
      return `It was killed${because}. It may be submitted anew.`;
    default:
      return `It is ${status}${because}: ${files(datasets)}.`;
  }
};
