import type { JsonMembers } from '#platform/json-object.js';
import type { Principal } from '#contracts/panda/principal.js';
import type { TaskAttributes } from '#contracts/panda/task-attributes.js';

/** Priority of users' tasks, and of those that name none (PanDA contract 4.1.7). */
const USER_PRIORITY = 1_000;
const PRIORITY = 100;

/** Larger numbers are mistakes, and count as absent. */
const NUMBER_MAX = 10 ** 12;

/** What must be there before a task can be registered. Everything else is checked by refinement. */
const REQUIRED = ['taskName', 'vo', 'prodSourceLabel'] as const;

/** A parameter document with what the server fills in, and the attributes that tasks have before refinement. */
export interface Submission {
  readonly document: JsonMembers;
  readonly taskName: string;
  readonly userName: string;
  readonly vo: string;
  readonly label: string;
  readonly taskType: string;
  readonly isOfficial: boolean;
  /** Looks for a task of the same name, which is executed again in place of a new one. */
  readonly isUnique: boolean;
  readonly parentTaskName: string | undefined;
  readonly attributes: TaskAttributes;
}

/** Contract 4.1.7, steps 1, 3 and 6. @returns the reason when the document cannot be registered */
export const submissionOf = (
  parameters: JsonMembers,
  principal: Principal,
  defaultTransPath: string,
): Submission | { readonly refusal: string } => {
  const missing = REQUIRED.find((key) => textIn(parameters, key) === undefined);
  if (missing !== undefined) return { refusal: `${missing} is missing` };
  const document = filled(parameters, principal);
  const text = (key: string): string => textIn(document, key) ?? '';
  const [priority, current] = [numberIn(document, 'taskPriority'), numberIn(document, 'currentPriority')];
  const [workingGroup, processingType] = [textIn(document, 'workingGroup'), textIn(document, 'processingType')];
  const facts = {
    ...{ taskName: text('taskName'), userName: text('userName'), vo: text('vo'), taskType: text('taskType') },
  };
  return {
    document,
    ...facts,
    label: text('prodSourceLabel'),
    isOfficial: document['official'] === true,
    isUnique: document['uniqueTaskName'] === true,
    parentTaskName: textIn(document, 'parentTaskName'),
    attributes: {
      ...facts,
      prodSourceLabel: text('prodSourceLabel'),
      taskPriority: priority ?? PRIORITY,
      currentPriority: current ?? priority ?? PRIORITY,
      transPath: textIn(document, 'transPath') ?? defaultTransPath,
      ...(workingGroup !== undefined && { workingGroup }),
      ...(processingType !== undefined && { processingType }),
      superStatus: 'registered',
      attemptNr: 0,
    },
  };
};

const filled = (parameters: JsonMembers, { name, isProduction, primaryWorkingGroup }: Principal): JsonMembers => {
  const isAnalysis = !isProduction || textIn(parameters, 'taskType') === undefined;
  const isOfficial = parameters['official'] === true && primaryWorkingGroup !== null;
  return {
    ...parameters,
    userName: (isProduction ? textIn(parameters, 'userName') : undefined) ?? name,
    ...(isAnalysis && { taskType: 'anal', taskPriority: USER_PRIORITY }),
    ...(!isAnalysis && { taskPriority: numberIn(parameters, 'taskPriority') ?? PRIORITY }),
    ...(isOfficial && { workingGroup: primaryWorkingGroup }),
  };
};

const textIn = (members: JsonMembers, key: string): string | undefined => {
  const value = members[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

const numberIn = (members: JsonMembers, key: string): number | undefined => {
  const value = members[key];
  return typeof value === 'number' && Math.abs(value) <= NUMBER_MAX ? Math.trunc(value) : undefined;
};
