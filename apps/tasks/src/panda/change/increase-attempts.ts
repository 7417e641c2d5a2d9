import type { FilesAmended, FilesReopened } from '#contracts/panda/events.js';
import { rangesOf, rangesPerEvent } from '#contracts/ranges.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { fileIds } from '../pages.js';
import { inputsOf } from '../task-inputs.js';
import type { PandaView, Task } from '../view.js';

/** Attempts that a retry adds (PanDA contract 4.1.6). */
export const RETRY_ATTEMPTS = 5;

export interface IncreasedAttempts {
  readonly events: readonly DecidedEvent[];
  readonly inputs: number;
  readonly reactivated: number;
}

/** More attempts for the files of the inputs that still need some; exhausted ones are used again (contract 4.1.8). */
export function* increasedAttempts(
  view: PandaView,
  task: Task,
  increase: number,
): Generator<void, IncreasedAttempts, void> {
  const events: DecidedEvent[] = [];
  let [inputs, reactivated] = [0, 0];
  for (const { id } of inputsOf(view, task)) {
    const exhausted = view.exhaustedFiles(id);
    const isExhausted = new Set(exhausted);
    const open = yield* fileIds(view, id, ({ status }) => status !== 'finished');
    inputs += open.length;
    reactivated += exhausted.length;
    events.push(...reopened(task, exhausted, { add_attempts: increase, add_failures: increase }));
    const others = open.filter((file) => !isExhausted.has(file));
    events.push(...filesAmended(task, others, { add_attempts: increase }));
  }
  return { events, inputs, reactivated };
}

/** Events by which files are used again. */
export const reopened = (
  { stream }: Task,
  files: readonly number[],
  change: Omit<FilesReopened, 'files'>,
): readonly DecidedEvent[] =>
  rangesPerEvent(rangesOf(files)).map((ranges) => {
    const data: FilesReopened = { files: ranges, ...change };
    return { stream, type: 'FilesReopened', data };
  });

/** Events by which attributes of files change. */
export const filesAmended = (
  { stream }: Task,
  files: readonly number[],
  change: Omit<FilesAmended, 'files'>,
): readonly DecidedEvent[] =>
  rangesPerEvent(rangesOf(files)).map((ranges) => {
    const data: FilesAmended = { files: ranges, ...change };
    return { stream, type: 'FilesAmended', data };
  });
