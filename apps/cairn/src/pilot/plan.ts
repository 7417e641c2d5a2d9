import { isAbsolute, posix, resolve } from 'node:path';
import { expand, expandAll, ExpansionBudget, type Scope } from '#contracts/iceprod/config/expand.js';
import {
  arrayOf,
  isArray,
  isObject,
  member,
  NumberText,
  objectOf,
  textOf,
  toText,
  type Json,
} from '#contracts/iceprod/config/json.js';

/** One process to run. */
export interface Step {
  readonly name: string;
  readonly command: readonly string[];
  /** File that the command interprets. */
  readonly script: string | undefined;
  /** Files to write before it starts: name in the work folder and JSON content. */
  readonly configs: readonly { readonly file: string; readonly content: Json }[];
}

/** Where a data file is kept: shared by the tasks of a job, of a dataset or of this site, or at any path. */
export type StorageArea = 'job_temp' | 'dataset_temp' | 'site_temp' | 'permanent';

export interface Transfer {
  readonly area: StorageArea;
  readonly direction: 'input' | 'output';
  /** Name in the shared folder; a path for `permanent`. */
  readonly remote: string;
  /** Name in the task's work folder. */
  readonly local: string;
  /** `transfer: maybe`: a missing file is no error. */
  readonly optional: boolean;
}

export interface Plan {
  readonly steps: readonly Step[];
  readonly transfers: readonly Transfer[];
}

/** The config asks for something that this pilot cannot do; the task fails with this text as its reason. */
export class CannotRun extends Error {
  override readonly name = 'CannotRun';
}

interface PlanInput {
  readonly config: Json;
  readonly dataset: Json;
  readonly task: Json;
  /** Folder that a relative `src` stands in; `undefined` when the pilot has none. */
  readonly sources: string | undefined;
  /** Runs `.js` and `.mjs` sources. */
  readonly node: string;
}

const STORAGE_AREAS: readonly string[] = ['job_temp', 'dataset_temp', 'site_temp', 'permanent'];
const ITERATIONS_MAX = 1_000;

/** Splits a command line at blanks outside of quotes. */
export const splitWords = (text: string): readonly string[] =>
  [...text.matchAll(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g)].map(([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, (_, double?: string, single?: string) => double ?? single ?? ''),
  );

/** Arguments may be a line, a list, or names with values. Whole macros are expanded after the split, so they stay one word. */
const argumentsOf = (args: Json | undefined, scope: Scope): readonly string[] => {
  const text = (value: Json): string => toText(expandAll(value, scope));
  if (typeof args === 'string') return splitWords(protectMacros(args)).map((word) => text(unprotect(word)));
  if (isArray(args)) return args.map(text);
  if (!isObject(args)) return [];
  return Object.entries(args).map(([key, value]) => `--${expand(key, scope)}=${text(value)}`);
};

/** Blanks and quotes inside `$...( )` do not split words. */
const protectMacros = (line: string): string => {
  let depth = 0;
  let inName = false;
  let result = '';
  for (const character of line) {
    if (character === '(' && (depth > 0 || inName)) depth += 1;
    else if (character === ')' && depth > 0) depth -= 1;
    inName = character === '$' || (inName && /[A-Za-z_]/.test(character));
    result += depth > 0 ? (HIDDEN.get(character) ?? character) : character;
  }
  return result;
};

/** Placeholders from Unicode's private use area. */
const HIDDEN: ReadonlyMap<string, string> = new Map([
  [' ', '\uE000'],
  ["'", '\uE001'],
  ['"', '\uE002'],
]);

const unprotect = (word: string): string =>
  [...HIDDEN].reduce((text, [shown, hidden]) => text.replaceAll(hidden, shown), word);

const interpreter = (source: string, node: string): readonly string[] => {
  switch (posix.extname(source)) {
    case '.js':
    case '.mjs':
    case '.cjs':
      return [node];
    case '.py':
      return ['python3'];
    case '.sh':
      return ['sh'];
    default:
      return [];
  }
};

/** A plain file name, so that a config cannot leave the task's folders. */
const fileName = (name: string): string => {
  if (name === '' || name.startsWith('/') || name.split('/').includes('..')) {
    throw new CannotRun(`bad file name: ${JSON.stringify(name)}`);
  }
  return name;
};

const stepOf = (module: Json, scope: Scope, { sources, node }: PlanInput): Step => {
  const name = textOf(module, 'name');
  const source = expand(textOf(module, 'src'), scope);
  if (source === '') {
    const runningClass = textOf(module, 'running_class');
    throw new CannotRun(
      runningClass === ''
        ? `module ${name} has no src`
        : `running_class ${runningClass} needs the experiment's software`,
    );
  }
  if (/^[a-z]+:\/\//i.test(source)) throw new CannotRun(`src is not a local file: ${source}`);
  const configs = Object.entries(objectOf(module, 'configs')).map(([file, content]) => ({
    file: fileName(expand(file, scope)),
    content: expandAll(content, scope),
  }));
  const isPath = source.includes('/') || interpreter(source, node).length > 0;
  if (isPath && !isAbsolute(source) && sources === undefined) {
    throw new CannotRun(`src ${source} is relative, and this pilot has no --sources`);
  }
  const path = isPath ? resolve(sources ?? '/', source) : source;
  return {
    name: name === '' ? posix.basename(source) : name,
    command: [...interpreter(source, node), path, ...argumentsOf(member(module, 'args'), scope)],
    script: interpreter(source, node).length > 0 ? path : undefined,
    configs,
  };
};

const yes = (value: Json | undefined): boolean =>
  value === undefined ||
  !['false', 'no', 'n', '0', 'none'].includes(toText(value instanceof NumberText ? value.text : value).toLowerCase());

const transfersOf = (holder: Json | undefined, scope: Scope): readonly Transfer[] =>
  arrayOf(holder, 'data').flatMap((entry): readonly Transfer[] => {
    const area = textOf(entry, 'type');
    if (!isStorageArea(area)) throw new CannotRun(`unknown data type: ${area}`);
    const transfer = member(entry, 'transfer');
    if (!yes(transfer)) return [];
    const remote = expand(textOf(entry, 'remote'), scope);
    const local = expand(textOf(entry, 'local'), scope);
    const file = fileName(local === '' ? posix.basename(remote) : local);
    if (area === 'permanent' && /^(?!file:)[a-z0-9]+:/i.test(remote)) {
      throw new CannotRun(`this pilot copies only local files: ${remote}`);
    }
    const movement = textOf(entry, 'movement');
    const directions =
      movement === 'both' ? (['input', 'output'] as const) : ([movement === 'output' ? 'output' : 'input'] as const);
    return directions.map((direction) => ({
      area,
      direction,
      remote: area === 'permanent' ? remote.replace(/^file:(\/\/)?/, '') : fileName(remote === '' ? file : remote),
      local: file,
      optional: transfer === 'maybe',
    }));
  });

const isStorageArea = (value: string): value is StorageArea => STORAGE_AREAS.includes(value);

/** Anything but a number of at least 1 counts as 1. */
const iterationsOf = (tray: Json): number => {
  const count = Math.max(1, Math.trunc(Number(textOf(tray, 'iterations'))) || 1);
  if (count > ITERATIONS_MAX) throw new CannotRun(`a tray has more than ${ITERATIONS_MAX} iterations`);
  return count;
};

/** Plans a task: its processes in order, and the files copied before and after them. */
export const planTask = (input: PlanInput): Plan => {
  const { config, dataset, task } = input;
  const steering = member(config, 'steering');
  const tasks = arrayOf(config, 'tasks');
  const own =
    tasks.find((candidate) => textOf(candidate, 'name') === textOf(task, 'name')) ??
    tasks[Number(textOf(task, 'task_index'))];
  if (own === undefined) throw new CannotRun(`the config has no task ${textOf(task, 'name')}`);

  const given = {
    job: member(task, 'job_index') ?? null,
    task: member(task, 'task_index') ?? null,
    task_id: textOf(task, 'task_id'),
    job_id: textOf(task, 'job_id'),
    dataset: member(dataset, 'dataset') ?? null,
    dataset_id: textOf(task, 'dataset_id'),
    jobs_submitted: member(dataset, 'jobs_submitted') ?? null,
    tasks_submitted: member(dataset, 'tasks_submitted') ?? null,
    debug: member(dataset, 'debug') ?? false,
  };
  const budget = new ExpansionBudget();
  const scopeOf = (iteration: number, ...holders: readonly Json[]): Scope => ({
    bare: [
      { ...given, iter: new NumberText(String(iteration)) },
      ...holders.map((holder) => objectOf(holder, 'parameters')),
    ],
    steering: objectOf(steering, 'parameters'),
    options: [objectOf(config, 'options'), given],
    budget,
  });

  const steps: Step[] = [];
  const transfers: Transfer[] = [];
  const addTransfers = (holder: Json | undefined, scope: Scope): void => {
    for (const transfer of transfersOf(holder, scope)) transfers.push(transfer);
  };
  addTransfers(steering, scopeOf(0));
  addTransfers(own, scopeOf(0, own));
  for (const tray of arrayOf(own, 'trays')) {
    const iterations = iterationsOf(tray);
    for (let iteration = 0; iteration < iterations; iteration += 1) {
      addTransfers(tray, scopeOf(iteration, tray, own));
      for (const module of arrayOf(tray, 'modules')) {
        const scope = scopeOf(iteration, module, tray, own);
        addTransfers(module, scope);
        steps.push(stepOf(module, scope, input));
      }
    }
  }
  if (steps.length === 0) throw new CannotRun(`task ${textOf(task, 'name')} has no modules`);
  return { steps, transfers };
};
