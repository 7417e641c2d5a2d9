import { resourceTypeOf } from '#contracts/panda/queues.js';
import type { TaskAttributes } from '#contracts/panda/task-attributes.js';
import { TASK_FLAVOURS } from '../range/flavour.js';
import type { PandaView, Task } from '../view.js';
import { globalShareOf } from './global-share.js';
import { SplitRules } from './split-rules.js';
import { InvalidDocument, type TaskDocument } from './task-document.js';

const MEMORY_MB = 2_000;
const CPU_EFFICIENCY = 90;
const BASE_WALLTIME_SECONDS = 600;
const ANY_CLOUD = 'WORLD';
/** `goal` counts in tenths of percent (PanDA contract 3.1). */
const GOAL_MAX = 1_000;
const CLONES = 2;

/** Keys that every document has (contract 9.1). */
const REQUIRED = [
  'taskName',
  'userName',
  'vo',
  'prodSourceLabel',
  'taskType',
  'taskPriority',
  'processingType',
] as const;
/** Keys that may be null. */
const NULLABLE = ['architecture', 'transUses', 'transHome'] as const;

/** What this server has no means for. */
const UNSUPPORTED = {
  mergeOutput: 'merging of outputs (mergeOutput) is not supported',
  mergeSpec: 'merging of outputs (mergeSpec) is not supported',
  preproSpec: 'preprocessing (preproSpec) is not supported',
  hpoWorkflow: 'iDDS is not configured',
} as const;

/** Throws {@link InvalidDocument} when a key is missing, or asks for something that is not supported (contract 9.1, 9.5). */
export const checkDocument = (document: TaskDocument): void => {
  const missing =
    REQUIRED.find((key) => !document.has(key)) ?? NULLABLE.find((key) => document.values[key] === undefined);
  if (missing !== undefined) throw new InvalidDocument(`the task parameter ${missing} is missing`);
  if (document.list('jobParameters') === undefined) {
    throw new InvalidDocument('the task parameter jobParameters is missing');
  }
  for (const [key, why] of Object.entries(UNSUPPORTED)) {
    const value = document.values[key];
    if (document.isOn(key) || (typeof value === 'object' && value !== null)) throw new InvalidDocument(why);
  }
};

/** The split rules that a document asks for (contract 9.1, 9.6). */
export const splitRulesOf = (document: TaskDocument, before: string | null): SplitRules => {
  let rules = SplitRules.parse(before).overlaid(SplitRules.fromDocument(document.values));
  if (document.isOn('skipScout')) rules = rules.with('useScout', 'no_use');
  if (document.isOn('failWhenGoalUnreached')) rules = rules.with('failGoalUnreached', true);
  if (document.object('buildSpec') !== undefined) rules = rules.with('useBuild', true);
  if ((document.list('pfnList') ?? []).length > 0) rules = rules.with('pfnList', true);
  const eventsPerInput = eventsPerInputOf(document);
  if (eventsPerInput !== null) rules = rules.with('nEventsPerInput', eventsPerInput);
  const eventsPerJob = eventsPerJobOf(document);
  if (eventsPerJob !== null) rules = rules.with('nEventsPerJob', eventsPerJob);
  if (
    eventsPerJob !== null &&
    eventsPerInput !== null &&
    eventsPerJob >= eventsPerInput &&
    !rules.has('nFilesPerJob')
  ) {
    rules = rules.with('nFilesPerJob', Math.trunc(eventsPerJob / eventsPerInput));
  }
  return document.isOn('useJobCloning') ? cloning(rules) : rules;
};

/** Contract 5.5. */
const cloning = (rules: SplitRules): SplitRules => {
  const sites = rules.number('nSitesPerJob') ?? CLONES;
  return rules
    .with('nEventsPerWorker', 1)
    .with('nSitesPerJob', sites)
    .with('nEsConsumers', rules.number('nEsConsumers') ?? sites);
};

export const eventsPerInputOf = (document: TaskDocument): number | null =>
  document.integer('nEventsPerInputFile') ?? document.integer('nEventsPerFile');

/** Events without inputs are split into single ones unless the document says otherwise. */
export const eventsPerJobOf = (document: TaskDocument): number | null =>
  document.positiveInteger('nEventsPerJob') ??
  (document.isOn('noInput') && document.positiveInteger('nEvents') !== null ? 1 : null);

/** Attempts that each input file gets. */
export const maxAttemptOf = (document: TaskDocument): number =>
  document.isOn('disableAutoRetry') ? 1 : (document.positiveInteger('maxAttempt') ?? 3);

/** The attributes of a task that follow from its document, those included that have a default (contract 9.1). */
export const attributesOf = (view: PandaView, task: Task, document: TaskDocument): TaskAttributes => {
  const rules = splitRulesOf(document, task.attributes.splitRule);
  const described = describedBy(document, task);
  const coreCount = document.integer('coreCount') ?? 1;
  const ram = {
    ramCount: document.integer('ramCount') ?? MEMORY_MB,
    ramUnit: document.text('ramUnit') ?? document.text('ramCountUnit') ?? 'MBPerCore',
    baseRamCount: document.integer('baseRamCount') ?? 0,
  };
  const ofType = { cores: coreCount, ram: ram.ramCount, unit: ram.ramUnit, base: ram.baseRamCount };
  return {
    ...described,
    ...ram,
    coreCount,
    splitRule: rules.toText(),
    eventService: eventServiceOf(document),
    gshare: document.text('gshare') ?? globalShareOf(view.shares(), { ...task.attributes, ...described }),
    resource_type: resourceTypeOf(view.resourceTypes(), ofType),
    walltime: document.integer('walltime') ?? 0,
    walltimeUnit: document.text('walltimeUnit'),
    baseWalltime: document.integer('baseWalltime') ?? BASE_WALLTIME_SECONDS,
    cpuTime: document.number('cpuTime'),
    cpuTimeUnit: document.text('cpuTimeUnit'),
    cpuEfficiency: document.integer('cpuEfficiency') ?? CPU_EFFICIENCY,
    workDiskCount: document.integer('workDiskCount') ?? 0,
    workDiskUnit: document.text('workDiskUnit') ?? 'MB',
    outDiskCount: document.integer('outDiskCount') ?? 0,
    outDiskUnit: document.text('outDiskUnit') ?? 'kB',
    ioIntensity: document.integer('ioIntensity'),
    ioIntensityUnit: document.text('ioIntensityUnit'),
    diskIO: document.integer('diskIO'),
    diskIOUnit: document.text('diskIOUnit'),
    mergeRamCount: document.integer('mergeRamCount'),
    mergeCoreCount: document.integer('mergeCoreCount'),
    goal: goalOf(document),
  };
};

/** Attributes that are copied. What is set already and the document does not name stays. */
const describedBy = (document: TaskDocument, { id, attributes }: Task): TaskAttributes => ({
  architecture: document.text('architecture'),
  transUses: document.text('transUses'),
  transHome: document.text('transHome'),
  transPath: document.text('transPath') ?? attributes.transPath,
  processingType: document.text('processingType'),
  cloud: document.text('cloud') ?? attributes.cloud ?? ANY_CLOUD,
  site: document.text('site') ?? attributes.site,
  nucleus: document.text('nucleus') ?? attributes.nucleus,
  workingGroup: document.text('workingGroup') ?? attributes.workingGroup,
  countryGroup: document.text('countryGroup'),
  campaign: document.text('campaign'),
  termCondition: document.text('termCondition'),
  container_name: document.text('container_name'),
  framework: document.text('framework'),
  requestType: document.text('requestType'),
  ticketID: document.text('ticketID'),
  ticketSystemType: document.text('ticketSystemType'),
  reqID: document.integer('reqID') ?? id,
  workQueue_ID: document.integer('workQueue_ID') ?? 0,
});

/** Contract 5.5. */
const eventServiceOf = (document: TaskDocument): number => {
  if (document.isOn('useJobCloning')) return TASK_FLAVOURS.cloning;
  if (document.isOn('nEventsPerWorker')) return TASK_FLAVOURS.eventService;
  return document.isOn('fineGrainedProc') ? TASK_FLAVOURS.fineGrained : TASK_FLAVOURS.none;
};

const goalOf = (document: TaskDocument): number | null => {
  const percent = document.number('goal');
  if (percent === null) return null;
  const goal = Math.trunc(percent * 10);
  return goal > GOAL_MAX ? null : goal;
};
