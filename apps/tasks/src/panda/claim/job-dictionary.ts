import type { JobFile } from '#contracts/panda/events.js';
import { isOptional, isOutput } from '../job/job.js';
import { isInDebugMode } from '../report/report-effect.js';
import type { Job, PandaView } from '../view.js';
import { isClone, isConsumer, isFineGrained, isMerge } from '../range/flavour.js';
import { endpointsOf } from './endpoints.js';
import { listFileOf } from '../list-file.js';
import { multiStep } from './multi-step.js';

const NULL = 'NULL';

/** Pilots tell a missing value by its text (trap 33), an empty one as well. */
const or = (value: string | number | null | undefined): string | number =>
  value === null || value === undefined || value === '' ? NULL : value;
const list = (files: readonly JobFile[], valueOf: (file: JobFile) => string | number | null | undefined): string =>
  files.map((file) => or(valueOf(file))).join(',');

/** Tokens of `specialHandling` that are flags of the dictionary (contract 3.4.1). */
const FLAGS: Readonly<Record<string, string>> = {
  po: 'putLogToOS',
  nc: 'noExecStrCnv',
  if: 'inFilePosEvtNum',
  up: 'usePrefetcher',
  ho: 'isHPO',
  om: 'onSiteMerging',
};

/**
 * What a pilot is told of its job (PanDA contract 4.2.3), as raw JSON: numbers and texts, and `NULL` for what is missing. Nothing of it is changed by
 * the claim.
 */
export const jobDictionary = (view: PandaView, job: Job, nSent: number): string => {
  const { attributes: a } = job;
  const tokens = new Set((a.specialHandling ?? '').split(','));
  const task = job.taskId === null ? undefined : view.task(job.taskId);
  const steps = multiStep(a.jobParameters ?? '');
  const parameters = tokens.has('ej') ? Buffer.from(steps.parameters).toString('base64') : steps.parameters;
  return JSON.stringify({
    StatusCode: 0,
    PandaID: job.pandaId,
    taskID: or(job.taskId ?? a.taskID),
    attemptNr: a.attemptNr ?? 0,
    prodSourceLabel: or(a.prodSourceLabel),
    processingType: or(a.processingType),
    transformation: or(a.transformation),
    jobPars: parameters === '' ? ' ' : parameters,
    ...steps.extra,
    swRelease: or(a.AtlasRelease),
    homepackage: or(a.homepackage),
    cmtConfig: or(a.cmtConfig),
    jobName: or(a.jobName),
    jobDefinitionID: or(a.jobDefinitionID),
    jobsetID: or(a.jobsetID),
    reqID: or(a.reqID),
    cloud: or(a.cloud),
    nucleus: or(a.nucleus),
    ...filesOf(view, job),
    prodUserID: or(a.prodUserID),
    maxCpuCount: a.maxCpuCount ?? 0,
    minRamCount: a.minRamCount ?? 0,
    maxDiskCount: a.maxDiskCount ?? 0,
    maxWalltime: or(a.maxWalltime),
    coreCount: a.coreCount ?? 1,
    resource_type: or(a.resource_type),
    currentPriority: a.currentPriority ?? 0,
    transferType: or(a.transferType),
    sourceSite: or(a.sourceSite),
    destinationSE: or(a.destinationSE),
    ioIntensity: task?.attributes.ioIntensity ?? null,
    ioIntensityUnit: task?.attributes.ioIntensityUnit ?? null,
    nSent,
    ...optionsOf(view, job, tokens),
  });
};

/** Parallel lists: over inputs, each name once, and over outputs with the log, in their order. */
const filesOf = (view: PandaView, { attributes, files }: Job): Readonly<Record<string, string | number>> => {
  const inputs = distinct(files.filter(({ type }) => type === 'input'));
  const outputs = files.filter(isOutput);
  const log = outputs.find(({ type }) => type === 'log');
  const endpoints = endpointsOf(view.queue(attributes.computingSite ?? ''));
  return {
    inFiles: list(inputs, ({ lfn }) => lfn),
    dispatchDblock: list(inputs, (file) => file.dispatchDBlock),
    dispatchDBlockToken: list(inputs, (file) => file.dispatchDBlockToken),
    prodDBlocks: list(inputs, (file) => file.prodDBlock),
    prodDBlockToken: list(inputs, (file) => file.prodDBlockToken),
    realDatasetsIn: list(inputs, ({ dataset }) => dataset),
    GUID: list(inputs, (file) => file.GUID),
    fsize: list(inputs, ({ fsize }) => fsize ?? 0),
    checksum: list(inputs, ({ checksum, md5sum }) => checksum ?? md5sum),
    scopeIn: list(inputs, ({ scope }) => scope),
    ddmEndPointIn: inputs.map(() => endpoints.input).join(','),
    outFiles: list(outputs, ({ lfn }) => lfn),
    destinationDblock: list(outputs, (file) => file.destinationDBlock?.replace(/\/$/u, '')),
    destinationDBlockToken: list(outputs, (file) =>
      file.destinationDBlockToken?.split(',')[0]?.replace(/^ddd:/u, 'dst:'),
    ),
    dispatchDBlockTokenForOut: list(outputs, (file) => file.dispatchDBlockToken),
    realDatasets: list(outputs, ({ dataset }) => dataset),
    fileDestinationSE: list(outputs, (file) => file.destinationSE),
    ddmEndPointOut: outputs.map(() => endpoints.output).join(','),
    // Without the log (trap 11).
    scopeOut: list(
      outputs.filter(({ type }) => type === 'output'),
      ({ scope }) => scope,
    ),
    logFile: log?.lfn ?? '',
    logGUID: log === undefined ? '' : or(log.GUID),
    scopeLog: log === undefined ? '' : or(log.scope),
  };
};

const distinct = (files: readonly JobFile[]): readonly JobFile[] => [
  ...new Map(files.map((file) => [file.lfn, file])).values(),
];

const optionsOf = (
  view: PandaView,
  job: Job,
  tokens: ReadonlySet<string>,
): Readonly<Record<string, string | boolean>> => {
  const { attributes, files } = job;
  const outputs = files.filter(isOutput);
  const optional = outputs.filter((file) => isOptional(view, file)).map(({ lfn }) => lfn);
  const flags = Object.entries(FLAGS).filter(([token]) => tokens.has(token));
  const alternative = [...tokens].find((token) => token.startsWith('ao'));
  return {
    ...(tokens.has('lc') && { loopingCheck: false }),
    ...(isInDebugMode(attributes) && { debug: 'True' }),
    ...eventServiceOf(job, outputs, tokens),
    ...(tokens.has('wf') && { writeToFile: writtenInputs(files) }),
    ...(optional.length > 0 && { allowNoOutput: optional.join(',') }),
    ...(alternative !== undefined && { altStageOut: alternativeOf(alternative) }),
    ...Object.fromEntries(flags.map(([, name]) => [name, 'True'])),
    ...(attributes.container_name !== null && { container_name: attributes.container_name }),
  };
};

const eventServiceOf = (
  job: Job,
  outputs: readonly JobFile[],
  tokens: ReadonlySet<string>,
): Readonly<Record<string, string>> => {
  if (isClone(job)) return { cloneJob: tokens.has('sc:2') ? 'storeonce' : 'runonce' };
  if (isMerge(job)) return { eventServiceMerge: 'True' };
  if (isFineGrained(job)) return { eventService: 'True' };
  if (!isConsumer(job)) return {};
  return { eventService: 'True', prodDBlockTokenForOutput: list(outputs, (file) => file.prodDBlockToken) };
};

/** `tmpin_<dataset>:<file>,<file>^tmpin_…` */
const writtenInputs = (files: readonly JobFile[]): string => {
  const byDataset = new Map<string, string[]>();
  for (const { type, dataset = NULL, lfn } of files) {
    if (type === 'input') byDataset.set(dataset, [...(byDataset.get(dataset) ?? []), lfn]);
  }
  return [...byDataset].map(([dataset, names]) => `${listFileOf(dataset)}:${names.join(',')}`).join('^');
};

const alternativeOf = (token: string): string => {
  const [, value = 'on'] = token.split(':');
  return value;
};
