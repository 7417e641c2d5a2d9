import { expand, type ExpansionBudget, type Scope } from '#contracts/iceprod/config/expand.js';
import { arrayOf, type Json, member, NumberText, objectOf, parseJson, textOf } from '#contracts/iceprod/config/json.js';
import { elementsOf, membersOf, objectText } from '#contracts/raw-json.js';

/** Folders that only part the files of one dataset: ranges of jobs as in `000000-000999`, months and days of runs as in `0131`. */
const PARTITION = /\d{4}-\d{4}|^(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/;

/** The folder that a file stands in, as far as all jobs have it in common. */
const folderOf = (path: string): string => {
  const common = path.split('$', 1)[0] ?? '';
  const folders = common.split('/').slice(0, -1);
  const parted = folders.findIndex((folder) => PARTITION.test(folder));
  const shared = (parted === -1 ? folders : folders.slice(0, parted)).filter((folder) => folder !== '');
  return `/${shared.join('/')}`;
};

const grantOf = (movement: string): string =>
  movement === 'output' || movement === 'both' ? 'storage.modify' : 'storage.read';

/** What is the same for all jobs. */
const scopeOf = (config: Json, task: Json, jobs: number, budget: ExpansionBudget): Scope => ({
  bare: [objectOf(task, 'parameters')],
  steering: objectOf(member(config, 'steering'), 'parameters'),
  options: [objectOf(config, 'options'), { jobs_submitted: new NumberText(String(jobs)) }],
  budget,
});

/** Data of a task, and of its trays and modules in configs that let them have some. */
const dataOf = (task: Json): readonly Json[] => {
  const trays = arrayOf(task, 'trays');
  const modules = trays.flatMap((tray) => arrayOf(tray, 'modules'));
  return [task, ...trays, ...modules].flatMap((part) => arrayOf(part, 'data'));
};

/** Words that stand for themselves: macros are worked out where a task runs. */
export const scopeWords = (scopes: string): readonly string[] =>
  scopes.split(/\s+/).filter((word) => word !== '' && !word.includes('$'));

/** The path at a place; undefined when it is elsewhere, also where the name of a place only begins with that of another. */
const pathAt = (place: string, remote: string): string | undefined => {
  const path = remote.startsWith(place) ? remote.slice(place.length) : undefined;
  return path === undefined || path === '' || path.startsWith('/') || place.endsWith('/') ? path : undefined;
};

/** What a task needs at one place: a scope for each folder, besides those that were written by hand. */
const scopesAt = (place: string, task: Json, scope: Scope): string => {
  const needed = dataOf(task).flatMap((entry): string[] => {
    const path = pathAt(place, expand(textOf(entry, 'remote'), scope));
    return textOf(entry, 'type') === 'permanent' && path !== undefined
      ? [`${grantOf(textOf(entry, 'movement'))}:${folderOf(path)}`]
      : [];
  });
  const manual = scopeWords(textOf(objectOf(task, 'token_scopes'), place));
  return [...new Set([...needed, ...manual])].sort().join(' ');
};

/**
 * The text of a config with the scopes that each task's token needs at the places that start with one of the prefixes
 * (IceProd contract 16). The rest of it stays as it is, to the letter.
 *
 * @param jobs that the dataset has in the end: paths may name it
 */
export const withTokenScopes = (
  text: string,
  prefixes: readonly string[],
  jobs: number,
  budget: ExpansionBudget,
): string => {
  if (prefixes.length === 0) return text;
  const config = parseJson(text);
  const members = membersOf(text);
  const tasks = arrayOf(config, 'tasks');
  const raw = elementsOf(members.get('tasks') ?? '[]').map((task, place) => {
    const of = membersOf(task);
    const scopes = membersOf(of.get('token_scopes') ?? '{}');
    const parsed = tasks[place] ?? null;
    const scope = scopeOf(config, parsed, jobs, budget);
    for (const prefix of prefixes) {
      const needed = scopesAt(prefix, parsed, scope);
      if (needed !== '') scopes.set(prefix, JSON.stringify(needed));
    }
    return scopes.size === 0 ? task : objectText(of.set('token_scopes', objectText(scopes)));
  });
  return objectText(members.set('tasks', `[${raw.join(',')}]`));
};

/** A place and the scope that the tasks of a dataset need there, all of them together. */
export type Needs = ReadonlyMap<string, string>;

export const joined = (words: Iterable<string>): string => [...new Set(words)].sort().join(' ');

/** What the token scopes of a config's tasks come to. */
export const needsOf = (config: string, places: readonly string[]): Needs => {
  const tasks = arrayOf(parseJson(config), 'tasks').map((task) => objectOf(task, 'token_scopes'));
  const needs = places.map((place) => [place, joined(tasks.flatMap((scopes) => scopeWords(textOf(scopes, place))))]);
  return new Map(needs.filter(([, scope]) => scope !== '') as [string, string][]);
};
