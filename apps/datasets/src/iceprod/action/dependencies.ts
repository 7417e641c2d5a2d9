import { arrayOf, type Json, textOf, toText } from '#contracts/iceprod/config/json.js';
import { failure } from './operation.js';

/** What a task of a config waits for. */
export type Dependency =
  /** An earlier task of the same job. */
  | { readonly place: number }
  /** The task of this name in the job with the same index of another dataset. */
  | { readonly dataset: string; readonly name: string }
  /** Any task. */
  | { readonly taskId: string };

export const nameAt = (task: Json, place: number): string => textOf(task, 'name') || String(place);

const dependencyOf = (names: readonly string[], place: number, word: string): Dependency => {
  const named = names.indexOf(word);
  const at = named === -1 && /^\d+$/.test(word) && Number(word) < names.length ? Number(word) : named;
  if (at !== -1) {
    if (at >= place) throw failure(`task ${names[place] ?? ''} depends on ${word}, which is no earlier task`);
    return { place: at };
  }
  const colon = word.indexOf(':');
  return colon > 0 ? { dataset: word.slice(0, colon), name: word.slice(colon + 1) } : { taskId: word };
};

/**
 * Dependencies of each of a config's tasks, task by task (IceProd contract 16).
 *
 * @throws DomainError when a task waits for itself or for a later one
 */
export const dependenciesOf = (tasks: readonly Json[]): readonly (readonly Dependency[])[] => {
  const names = tasks.map(nameAt);
  return tasks.map((task, place) => arrayOf(task, 'depends').map((word) => dependencyOf(names, place, toText(word))));
};
