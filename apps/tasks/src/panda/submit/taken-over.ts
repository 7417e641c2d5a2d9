import { isObject, type JsonMembers } from '#platform/json-object.js';
import type { TaskAttributes } from '#contracts/panda/task-attributes.js';
import { CHANGEABLE_RULES, SplitRules } from '../refine/split-rules.js';
import type { Task } from '../view.js';

/** Parameters that another execution of a task takes over (PanDA contract 4.1.7, step 5), besides those of changeable split rules. */
const KEYS: ReadonlySet<string> = new Set([
  ...['site', 'cloud', 'includedSite', 'excludedSite', 'cliParams', 'nFiles', 'nEvents', 'fixedSandbox', 'sourceURL'],
  ...['currentPriority', 'ramCount', 'forceStaged', 'pfnList', ...CHANGEABLE_RULES],
]);

/** Begins the names of parameters with further datasets. */
const DATASETS_FOR = 'dsFor';

/** What another execution of a task takes over of a new document, under the names in which it is stored. */
export const takenOver = (parameters: JsonMembers): JsonMembers => {
  const taken = Object.entries(parameters).filter(
    ([key]) => (KEYS.has(key) && (key !== 'sourceURL' || 'fixedSandbox' in parameters)) || key.startsWith(DATASETS_FOR),
  );
  const { priority, loopingCheck } = parameters;
  return {
    ...Object.fromEntries(taken),
    ...(priority !== undefined && { currentPriority: priority }),
    ...(loopingCheck !== undefined && { noLoopingCheck: loopingCheck === false || loopingCheck === 0 }),
  };
};

/** The stored document with what is taken over of a new one; inline lists of files become the new ones of the same dataset. */
export const withTakenOver = (stored: JsonMembers, parameters: JsonMembers): JsonMembers => {
  const lists = filesByDataset(parameters);
  const items = stored['jobParameters'];
  return {
    ...stored,
    ...takenOver(parameters),
    ...(lists.size > 0 && Array.isArray(items) && { jobParameters: items.map((item) => withFiles(item, lists)) }),
  };
};

/** Attributes that change at once, while a task goes on. */
export const attributesTakenOver = ({ attributes }: Task, parameters: JsonMembers): TaskAttributes => {
  const taken = takenOver(parameters);
  const rules = CHANGEABLE_RULES.filter((name) => name in taken);
  const before = SplitRules.parse(attributes.splitRule);
  const splitRule = rules.reduce((all, name) => all.with(name, taken[name]), before).toText();
  const { site, cloud, currentPriority, ramCount } = taken;
  return {
    ...(rules.length > 0 && { splitRule }),
    ...(typeof site === 'string' && { site }),
    ...(typeof cloud === 'string' && { cloud }),
    ...(typeof currentPriority === 'number' && { currentPriority }),
    ...(typeof ramCount === 'number' && { ramCount }),
  };
};

const filesByDataset = ({ jobParameters }: JsonMembers): ReadonlyMap<unknown, unknown> =>
  new Map(
    (Array.isArray(jobParameters) ? jobParameters : []).flatMap((item: unknown) =>
      isObject(item) && item['files'] !== undefined ? [[item['dataset'], item['files']] as const] : [],
    ),
  );

const withFiles = (item: unknown, lists: ReadonlyMap<unknown, unknown>): unknown =>
  isObject(item) && item['files'] !== undefined && lists.has(item['dataset'])
    ? { ...item, files: lists.get(item['dataset']) }
    : item;
