import type { JobFile, JobKind, NewJob } from '#contracts/panda/events.js';
import type { JobAttribute, JobAttributes, JobValues } from '#contracts/panda/job-attributes.js';
import type { JobStatus } from '#contracts/panda/statuses.js';
import type { JobTemplate, OutputTemplate } from '#contracts/panda/template.js';
import { timeText } from '#contracts/panda/times.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { isOutput } from '../job/job.js';
import type { Dataset, Job, PandaView, Task } from '../view.js';
import { JobEvents } from './job-events.js';
import { OutputFiles } from './job-files.js';
import { needsText } from './job-needs.js';
import { commandLine, type CommandValues, type Stream } from './placeholders.js';
import { Numbers } from './numbers.js';

/** What a job is made with. All other attributes tell what has happened to it. */
const MADE_WITH: readonly JobAttribute[] = [
  ...(['jobDefinitionID', 'AtlasRelease', 'transformation', 'homepackage', 'prodUserID', 'prodUserName'] as const),
  ...(['assignedPriority', 'jobName', 'maxCpuCount', 'maxCpuUnit', 'maxDiskCount', 'maxDiskUnit'] as const),
  ...(['ipConnectivity', 'minRamCount', 'minRamUnit', 'jobParameters', 'prodDBlock', 'destinationDBlock'] as const),
  ...(['destinationSE', 'cloud', 'taskID', 'cmtConfig', 'lockedby', 'jobExecutionID', 'VO', 'workingGroup'] as const),
  ...(['processingType', 'countryGroup', 'specialHandling', 'jobsetID', 'coreCount', 'nInputDataFiles'] as const),
  ...(['inputFileType', 'inputFileProject', 'inputFileBytes', 'nOutputDataFiles', 'workQueue_ID'] as const),
  ...(['jediTaskID', 'reqID', 'maxWalltime', 'nucleus', 'eventService', 'gshare', 'resource_type', 'diskIO'] as const),
  ...(['container_name', 'job_label', 'maxAttempt', 'outputFileType'] as const),
];

export interface JobCopy {
  /** Command line with placeholders, in place of that of the job. */
  readonly template?: string;
  readonly kind?: JobKind;
  readonly status?: JobStatus;
  /** Attributes that differ from those of the job. */
  readonly set: JobAttributes;
  /** The task's input files that it takes: by default those of the job. */
  readonly takes?: readonly number[];
}

/**
 * A further job of the same records as a job of a task: the next consumer of its jobset, or its merge job (PanDA contract 5.3). Its outputs have new
 * names, on its command line too.
 */
export const copyJob = (
  view: PandaView,
  job: Job,
  task: Task,
  { template, kind = job.kind, status = statusOfCopy(task), set, takes = job.takes }: JobCopy,
  timeMicros: number,
  numbers = new Numbers(view),
): { readonly pandaId: number; readonly events: readonly DecidedEvent[] } => {
  const pandaId = numbers.take('job');
  const { outputs, source_url: sourceUrl } = JSON.parse(
    view.taskText(task, 'template') ?? '{"outputs":[]}',
  ) as JobTemplate;
  const datasets = new Map(view.datasets(task).map((dataset) => [dataset.id, dataset]));
  const before = job.files.filter(isOutput);
  const templates = before.flatMap(({ datasetID }): readonly OutputTemplate[] =>
    outputs.filter(({ dataset_id: id }) => id === datasetID),
  );
  const { serial, files } = new OutputFiles(templates, datasets, task.id, numbers).next(
    pandaId,
    job.attributes.destinationSE ?? '',
  );
  const inputs = job.files.filter((file) => !isOutput(file));
  const common: JobAttributes = {
    ...madeWith(job.attributes),
    creationTime: timeText(timeMicros),
    attemptNr: (job.attributes.attemptNr ?? 0) + 1,
    parentID: job.pandaId,
    ...set,
  };
  const values = (): CommandValues => ({
    ...{ taskId: task.id, attemptNr: common.attemptNr ?? 0, serial, events: 0, isEventService: true },
    streams: new Map([...inputStreams(inputs, datasets), ...outputStreams(templates, files)]),
    ...(sourceUrl !== undefined && { sourceUrl }),
  });
  const jobParameters =
    template === undefined
      ? renamed(job.attributes.jobParameters ?? ' ', before, files)
      : commandLine(template, values()) || ' ';
  const copy: NewJob = {
    panda_id: pandaId,
    set: { jobParameters },
    files: [...inputs.map((file) => ({ ...file, row_ID: numbers.take('row') })), ...files],
    takes,
  };
  const events = new JobEvents(task);
  const { computingSite, prodSourceLabel, currentPriority } = job.attributes;
  events.add(
    {
      ...{ kind, status, requirements: needsText(common), common },
      site: set.computingSite ?? computingSite ?? '',
      label: prodSourceLabel ?? '',
      priority: set.currentPriority ?? currentPriority ?? 0,
    },
    [copy],
  );
  return { pandaId, events: events.events };
};

const inputStreams = (
  files: readonly JobFile[],
  datasets: ReadonlyMap<number, Dataset>,
): readonly (readonly [string, Stream])[] =>
  [...Map.groupBy(files, ({ datasetID }) => datasetID)].flatMap(([id, ofDataset]) => {
    const dataset = datasets.get(id ?? 0);
    if (dataset === undefined || dataset.streamName === null) return [];
    const names = [...new Set(ofDataset.map(({ lfn }) => lfn))].sort();
    return [[dataset.streamName, { names, dataset: dataset.name }] as const];
  });

const outputStreams = (
  templates: readonly OutputTemplate[],
  files: readonly JobFile[],
): readonly (readonly [string, Stream])[] =>
  templates.map(({ stream, dataset }, at) => [stream, { names: [files[at]?.lfn ?? ''], dataset }]);

/** No pilot gets jobs of a paused task. */
const statusOfCopy = ({ status }: Task): JobStatus => (status === 'paused' ? 'throttled' : 'activated');

const madeWith = (attributes: JobValues): JobAttributes =>
  Object.fromEntries(MADE_WITH.flatMap((name) => (attributes[name] === null ? [] : [[name, attributes[name]]])));

const renamed = (command: string, before: readonly JobFile[], after: readonly JobFile[]): string =>
  before.reduce((text, { lfn, datasetID }) => {
    const now = after.find((file) => file.datasetID === datasetID);
    return now === undefined ? text : text.replaceAll(lfn, () => now.lfn);
  }, command);
