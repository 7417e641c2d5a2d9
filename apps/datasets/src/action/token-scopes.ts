import { expand, type Scope } from '#contracts/iceprod/config/expand.js';
import { arrayOf, type Json, member, objectOf, parseJson, textOf } from '#contracts/iceprod/config/json.js';
import { elementsOf, membersOf, objectText } from '#contracts/raw-json.js';

/** Folders that only part the files of one dataset: `000000-000999`, `202401`, `0131`, `Run00123456`. */
const PARTITION = /^(\d+-\d+|\d{4}[-_]?\d{2}|(0[1-9]|1[0-2])[0-3]\d|Run\d+)$/;

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

const scopeOf = (config: Json, task: Json): Scope => ({
  bare: [objectOf(task, 'parameters')],
  steering: objectOf(member(config, 'steering'), 'parameters'),
  options: objectOf(config, 'options'),
});

const wordsOf = (scopes: string): readonly string[] =>
  scopes.split(/\s+/).filter((word) => word !== '' && !word.includes('$'));

/** What a task needs at one place: a scope for each folder, besides those that were written by hand. */
const scopesAt = (prefix: string, config: Json, task: Json): string => {
  const scope = scopeOf(config, task);
  const needed = arrayOf(task, 'data').flatMap((entry): string[] => {
    const remote = expand(textOf(entry, 'remote'), scope);
    return textOf(entry, 'type') === 'permanent' && remote.startsWith(prefix)
      ? [`${grantOf(textOf(entry, 'movement'))}:${folderOf(remote.slice(prefix.length))}`]
      : [];
  });
  const manual = wordsOf(textOf(objectOf(task, 'token_scopes'), prefix));
  return [...new Set([...needed, ...manual])].sort().join(' ');
};

/**
 * The text of a config with the scopes that each task's token needs at the places that start with one of the prefixes
 * (IceProd contract 16). The rest of it stays as it is, to the letter.
 */
export const withTokenScopes = (text: string, prefixes: readonly string[]): string => {
  if (prefixes.length === 0) return text;
  const config = parseJson(text);
  const members = membersOf(text);
  const tasks = arrayOf(config, 'tasks');
  const raw = elementsOf(members.get('tasks') ?? '[]').map((task, place) => {
    const of = membersOf(task);
    const scopes = membersOf(of.get('token_scopes') ?? '{}');
    for (const prefix of prefixes) {
      const needed = scopesAt(prefix, config, tasks[place] ?? null);
      if (needed !== '') scopes.set(prefix, JSON.stringify(needed));
    }
    return scopes.size === 0 ? task : objectText(of.set('token_scopes', objectText(scopes)));
  });
  return objectText(members.set('tasks', `[${raw.join(',')}]`));
};
