import { CONFIG_FIELDS, JOB_FIELDS, type KnownFields, LISTS, SCHEDULERS, WORKFLOW_FIELDS } from './known-fields.js';
import { type Fields, isFields } from './read-specification.js';

/** Fields that the server gives to stored documents, as in an exported specification. */
const DATABASE_FIELDS: ReadonlySet<string> = new Set(['_key', '_id', '_rev', '_oldRev']);

/** What has rules of its own. */
const PARTS: ReadonlySet<string> = new Set([...Object.keys(LISTS), 'jobs', 'schedulers', 'config']);

/** What today's Torc calls otherwise. */
const TODAYS_NAMES: Readonly<Record<string, string>> = {
  depends_on: 'blocked_by',
  depends_on_regexes: 'blocked_by_regexes',
};

const withOwnNames = (job: unknown): unknown =>
  isFields(job)
    ? Object.fromEntries(Object.entries(job).map(([name, value]) => [TODAYS_NAMES[name] ?? name, value]))
    : job;

/** `persistent` of today's Torc lets every worker carry an action out: a run has one worker. */
const withoutPersistence = (action: unknown): unknown =>
  isFields(action) ? Object.fromEntries(Object.entries(action).filter(([name]) => name !== 'persistent')) : action;

const FILE_LISTS = ['input_files', 'output_files'] as const;

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as readonly unknown[]) : []);

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** Names of files as jobs of a specification may refer to them. */
class FileNames {
  private readonly names = new Set<string>();
  private readonly byPath = new Map<string, string>();

  constructor(files: readonly unknown[]) {
    for (const file of files) {
      const [name, path] = isFields(file) ? [textOf(file['name']), textOf(file['path'])] : [];
      if (name === undefined) continue;
      this.names.add(name);
      if (path !== undefined) this.byPath.set(path, name);
    }
  }

  /** The name of the file that has this name or this path. */
  find(reference: string): string | undefined {
    return this.names.has(reference) ? reference : this.byPath.get(reference);
  }
}

/**
 * A specification as the real client would send it (Torc contract 7.1): fields of stored documents, fields without a value and
 * fields that Torc does not know are left out; files written as `{name, cli_arg}` are names; the user is who runs the command.
 *
 * What is named as in today's Torc gets its name here. Two things of real specifications are accepted besides. A file may be named by its path. An output that is no file of the
 * specification, and that no job needs, is left out: nothing says where it is. (Names with parameters are the server's to fill in.)
 *
 * @param note called for what is left out although it was meant
 */
export const tolerantSpecification = (given: Fields, user: string, note: (line: string) => void): Fields => {
  const unknown = new Set<string>();

  const known = (document: Fields, fields: KnownFields, where: string): Fields =>
    Object.fromEntries(
      Object.entries(document).filter(([name, value]) => {
        if (DATABASE_FIELDS.has(name) || value === null || value === undefined) return false;
        if (!fields.has(name)) unknown.add(`${where}.${name}`);
        return fields.has(name);
      }),
    );

  const elements = (value: unknown, fields: KnownFields, where: string): readonly unknown[] =>
    listOf(value).map((element) => (isFields(element) ? known(element, fields, where) : element));

  const lists = (from: Fields, kinds: Readonly<Record<string, KnownFields>>): Fields =>
    Object.fromEntries(
      Object.entries(kinds).flatMap(([name, fields]) =>
        from[name] === undefined ? [] : [[name, elements(from[name], fields, name)]],
      ),
    );

  const files = new FileNames(listOf(given['files']));
  const referenceOf = (entry: unknown): unknown => {
    const name = isFields(entry) ? entry['name'] : entry;
    return typeof name === 'string' ? (files.find(name) ?? name) : name;
  };
  const jobs = elements(listOf(given['jobs']).map(withOwnNames), JOB_FIELDS, 'jobs').map((job) => {
    if (!isFields(job)) return job;
    const named = FILE_LISTS.filter((list) => job[list] !== undefined).map((list) => [
      list,
      listOf(job[list]).map(referenceOf),
    ]);
    return { ...job, ...(Object.fromEntries(named) as Fields) };
  });
  const needed = new Set(jobs.flatMap((job) => (isFields(job) ? listOf(job['input_files']) : [])));
  const withoutStrayOutputs = (job: unknown): unknown => {
    if (!isFields(job) || job['output_files'] === undefined) return job;
    // The server knows only after it has filled in parameters whether a name with a template is one of a file.
    const isStray = (name: unknown): boolean =>
      typeof name === 'string' && !name.includes('{') && files.find(name) === undefined && !needed.has(name);
    const outputs = listOf(job['output_files']);
    for (const name of outputs.filter(isStray)) {
      note(
        `job ${textOf(job['name']) ?? '?'}: its output ${String(name)} is no file of the specification, and is left out`,
      );
    }
    return { ...job, output_files: outputs.filter((name) => !isStray(name)) };
  };

  const { schedulers, config, actions } = given;
  const specification = {
    ...known(
      Object.fromEntries(Object.entries(given).filter(([name]) => !PARTS.has(name))),
      WORKFLOW_FIELDS,
      'workflow',
    ),
    user,
    ...(Array.isArray(actions) && { actions: actions.map(withoutPersistence) }),
    ...lists(given, LISTS),
    ...(isFields(schedulers) && { schedulers: lists(schedulers, SCHEDULERS) }),
    ...(isFields(config) && { config: known(config, CONFIG_FIELDS, 'config') }),
    jobs: jobs.map(withoutStrayOutputs),
  };
  if (unknown.size > 0) note(`left out, because Torc does not know it: ${[...unknown].join(', ')}`);
  return specification;
};
