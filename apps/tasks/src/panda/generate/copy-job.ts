import type { JobFile, JobKind, NewJob } from '#contracts/panda/events.js';
import type { JobAttribute, JobAttributes, JobValues } from '#contracts/panda/job-attributes.js';
import type { JobStatus } from '#contracts/panda/statuses.js';
import type { JobTemplate, OutputTemplate } from '#contracts/panda/template.js';
import { timeText } from '#contracts/panda/times.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { isOutput } from '../job/job.js';
import type { Job, PandaView, Task } from '../view.js';
import { JobEvents } from './job-events.js';
import { OutputFiles } from './job-files.js';
import { needsText } from './job-needs.js';
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
  { kind = job.kind, status = statusOfCopy(task), set, takes = job.takes }: JobCopy,
  timeMicros: number,
  numbers = new Numbers(view),
): { readonly pandaId: number; readonly events: readonly DecidedEvent[] } => {
  const pandaId = numbers.take('job');
  const { outputs } = JSON.parse(view.taskText(task, 'template') ?? '{"outputs":[]}') as JobTemplate;
  const datasets = new Map(view.datasets(task).map((dataset) => [dataset.id, dataset]));
  const before = job.files.filter(isOutput);
  const templates = before.flatMap(({ datasetID }): readonly OutputTemplate[] =>
    outputs.filter(({ dataset_id: id }) => id === datasetID),
  );
  const { files } = new OutputFiles(templates, datasets, task.id, numbers).next(
    pandaId,
    job.attributes.destinationSE ?? '',
  );
  const inputs = job.files.filter((file) => !isOutput(file));
  const command = set.jobParameters ?? job.attributes.jobParameters ?? ' ';
  const common: JobAttributes = {
    ...madeWith(job.attributes),
    creationTime: timeText(timeMicros),
    attemptNr: (job.attributes.attemptNr ?? 0) + 1,
    parentID: job.pandaId,
    ...set,
  };
  const copy: NewJob = {
    panda_id: pandaId,
    set: { jobParameters: renamed(command, before, files) },
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

/** No pilot gets jobs of a paused task. */
const statusOfCopy = ({ status }: Task): JobStatus => (status === 'paused' ? 'throttled' : 'activated');

const madeWith = (attributes: JobValues): JobAttributes =>
  Object.fromEntries(MADE_WITH.flatMap((name) => (attributes[name] === null ? [] : [[name, attributes[name]]])));

const renamed = (command: string, before: readonly JobFile[], after: readonly JobFile[]): string =>
  before.reduce((text, { lfn, datasetID }) => {
    const now = after.find((file) => file.datasetID === datasetID);
    return now === undefined ? text : text.replaceAll(lfn, () => now.lfn);
  }, command);
