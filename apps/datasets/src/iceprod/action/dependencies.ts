import { arrayOf, type Json, textOf, toText } from '#contracts/iceprod/config/json.js';
import { failure } from './failure.js';

/** What a task of a config waits for. */
export type Dependency =
  /** An earlier task of the same job. */
  | { readonly place: number }
  /** The task of this name in the job with the same index of another dataset. */
  | { readonly dataset: string; readonly name: string }
  /** Any task. */
  | { readonly taskId: string };

export const nameAt = (task: Json, place: number): string => textOf(task, 'name') || String(place);

const dependencyOf = (
  names: readonly string[],
  places: ReadonlyMap<string, number>,
  place: number,
  word: string,
): Dependency => {
  const index = /^\d+$/.test(word) && Number(word) < names.length ? Number(word) : undefined;
  const at = places.get(word) ?? index;
  if (at !== undefined) {
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
  // Of tasks with the same name the first counts.
  const places = new Map(names.map((name, place) => [name, place] as const).reverse());
  return tasks.map((task, place) =>
    arrayOf(task, 'depends').map((word) => dependencyOf(names, places, place, toText(word))),
  );
};
