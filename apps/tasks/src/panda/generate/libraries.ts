import type { DatasetsAdded, JobEnd, JobFile, NewDataset, NewJob } from '#contracts/panda/events.js';
import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import type { Queue } from '#contracts/panda/queues.js';
import type { JobTemplate } from '#contracts/panda/template.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { statusToKeep } from '../command/execution.js';
import { datasetsMoved } from '../datasets-moved.js';
import { JobChanges } from '../job-changes.js';
import { jobPages } from '../pages.js';
import { taskStopped } from '../task-moved.js';
import type { Dataset, Job, PandaView, Task, TaskFile } from '../view.js';
import type { AlikeJobs } from './job-events.js';
import { guidOf, scopeOf } from './job-files.js';
import type { UsedLibrary } from './job-maker.js';
import { needsText } from './job-needs.js';
import type { Numbers } from './numbers.js';
import { commandLine } from './placeholders.js';
import { attributesOfTask } from './task-attributes.js';

/** Builds that may fail before a task is given up (PanDA contract 9.5). */
const FAILURES_MAX = 2;
/** Jobs that leave `pending` in one change. */
const JOBS_PER_CHANGE = 500;
/** The transformation of builds, beside that of the task's own jobs. */
const BUILD_TRANSFORMATION = 'buildGen-00-00-01';
const LIBRARY_SUFFIX = '.lib.tgz';

const FAILED: ReadonlySet<string> = new Set(['failed', 'cancelled', 'nooutput', 'missing']);

interface Library extends UsedLibrary {
  readonly site: string;
  readonly isFailed: boolean;
}

type LibraryView = Pick<PandaView, 'filesOf'>;

/** The libraries of a task: one for each queue that its jobs go to, made by a build job. */
export class Libraries {
  private readonly bySite = new Map<string, Library>();

  constructor(view: LibraryView, datasets: readonly Dataset[]) {
    for (const dataset of datasets) {
      const library = libraryOf(view, dataset);
      if (library !== undefined) this.bySite.set(library.site, library);
    }
  }

  get failed(): readonly Library[] {
    return [...this.bySite.values()].filter(({ isFailed }) => isFailed);
  }

  get failedSites(): ReadonlySet<string> {
    return new Set(this.failed.map(({ site }) => site));
  }

  at(site: string): Library | undefined {
    return this.bySite.get(site);
  }

  add(library: Library): void {
    this.bySite.set(library.site, library);
  }

  /** The library that a job takes. */
  usedBy({ files }: Job): Library | undefined {
    const all = [...this.bySite.values()];
    return all.find(({ fileId }) => files.some(({ type, fileID }) => type === 'input' && fileID === fileId));
  }
}

const libraryOf = (view: LibraryView, { id, name, type, status, site }: Dataset): Library | undefined => {
  if (type !== 'lib' || site === null || status === 'removed') return undefined;
  const file = view.filesOf(id, 0, 2).find(({ lfn }) => lfn.endsWith(LIBRARY_SUFFIX));
  if (file === undefined) return undefined;
  return { site, dataset: name, datasetId: id, ...stateOf(file) };
};

const stateOf = ({ id, lfn, status }: TaskFile): Pick<Library, 'lfn' | 'fileId' | 'isReady' | 'isFailed'> => ({
  ...{ lfn, fileId: id },
  isReady: status === 'finished',
  isFailed: FAILED.has(status),
});

/**
 * What becomes of jobs that wait for libraries: they are activated when theirs is built, and closed when it could not be, so that their inputs go
 * elsewhere. After two failures the task is exhausted. Undefined when there is nothing to do.
 */
export function* settleBuilds(
  view: PandaView,
  task: Task,
  libraries: Libraries,
): Generator<void, readonly DecidedEvent[] | undefined, void> {
  const changes = new JobChanges();
  let changed = 0;
  for (const page of jobPages(view, task, { statuses: ['pending'] })) {
    for (const { pandaId, ordinal } of page) {
      const job = view.job(pandaId);
      const library = job === undefined ? undefined : libraries.usedBy(job);
      if (library?.isReady === true) changes.add(task.stream, ordinal, 'UnitsMoved', { status: 'activated' });
      else if (library?.isFailed === true)
        changes.add(task.stream, ordinal, 'UnitsMoved', { status: 'closed', end: UNBUILT });
      else continue;
      changed += 1;
      yield;
    }
    if (changed >= JOBS_PER_CHANGE) break;
  }
  if (changed > 0) return changes.events();
  return libraries.failed.length < FAILURES_MAX ? undefined : givenUp(task, libraries.failed);
}

const UNBUILT: JobEnd = {
  set: {
    ...{ jobSubStatus: 'toreassign', taskBufferErrorCode: 100 },
    taskBufferErrorDiag: 'closed since the build job failed',
  },
  inputs: 'released',
};

/** Libraries that have failed are removed, so that a retry builds them again. */
const givenUp = (task: Task, failed: readonly Library[]): readonly DecidedEvent[] => {
  const reason = `build failed at ${failed.map(({ site }) => site).join(' and ')}`;
  return [
    ...datasetsMoved(
      task,
      failed.map(({ datasetId: id }) => ({ id })),
      { status: 'removed' },
    ),
    taskStopped(task, 'exhausted', reason, { set: { oldStatus: statusToKeep(task) } }),
  ];
};

/** A build job with the dataset of its library. */
export interface NewBuild {
  readonly library: Library;
  readonly dataset: DecidedEvent;
  readonly alike: AlikeJobs;
  readonly job: NewJob;
}

export interface BuildOf {
  readonly task: Task;
  readonly template: JobTemplate;
  readonly numbers: Numbers;
  readonly generation: number;
  readonly timeMicros: number;
}

export const newBuild = (of: BuildOf, build: Readonly<Record<string, unknown>>, queue: Queue): NewBuild => {
  const { task, template, numbers, timeMicros } = of;
  const pandaId = numbers.take('job');
  const datasetId = numbers.take('dataset');
  const name = `panda.${stamp(timeMicros)}.${task.id}.lib._${String(datasetId).padStart(6, '0')}`;
  const lfn = `${name}.${pandaId}${LIBRARY_SUFFIX}`;
  const added: NewDataset = { dataset_id: datasetId, name, type: 'lib', status: 'running', site: queue.name };
  const place = {
    dataset: name,
    destinationDBlock: name,
    destinationSE: queue.site,
    scope: scopeOf(name),
    datasetID: datasetId,
  };
  const fileId = numbers.take('file');
  const output = { row_ID: numbers.take('row'), status: 'unknown', ...place };
  const log = { row_ID: numbers.take('row'), status: 'unknown', ...place, fileID: numbers.take('file') };
  const files: readonly JobFile[] = [
    { ...output, type: 'output', lfn, fileID: fileId },
    { ...log, type: 'log', lfn: `${name}.${pandaId}.log.tgz`, GUID: guidOf(`log of job ${pandaId}`) },
  ];
  const alike = alikeOf(of, build, queue, name);
  const set: JobAttributes = {
    jobName: `${task.attributes.taskName ?? ''}.${pandaId}`,
    jobParameters: buildCommand(template, build, lfn, task.id),
  };
  const data: DatasetsAdded = { datasets: [added] };
  return {
    library: { site: queue.name, lfn, dataset: name, datasetId, fileId, isReady: false, isFailed: false },
    dataset: { stream: task.stream, type: 'DatasetsAdded', data },
    alike,
    job: { panda_id: pandaId, set, files, takes: [] },
  };
};

const textIn = (build: Readonly<Record<string, unknown>>, name: string): string | undefined => {
  const value = build[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

const besides = (url: string): string => url.slice(0, url.lastIndexOf('/') + 1) + BUILD_TRANSFORMATION;

const RAM_MB = 1800;

const alikeOf = (
  { task, generation, timeMicros }: BuildOf,
  build: Readonly<Record<string, unknown>>,
  queue: Queue,
  library: string,
): AlikeJobs => {
  const { attributes } = task;
  const transPath = attributes.transPath ?? '';
  const priority = (attributes.currentPriority ?? 0) + 1;
  const common: JobAttributes = {
    ...attributesOfTask(task.id, attributes, timeMicros),
    transformation: textIn(build, 'transPath') ?? besides(transPath),
    ...{ jobDefinitionID: generation, assignedPriority: priority, destinationDBlock: library },
    ...{ cloud: queue.cloud, destinationSE: queue.site, coreCount: 1, minRamCount: RAM_MB, nOutputDataFiles: 1 },
    ...{ maxWalltime: queue.maxtime > 0 ? queue.maxtime : null, resource_type: 'SCORE', specialHandling: 'bj' },
    ...{ attemptNr: 1, maxAttempt: 1, eventService: 0 },
  };
  const label = textIn(build, 'prodSourceLabel') ?? 'panda';
  const requirements = needsText(common);
  return { kind: 'build', status: 'activated', site: queue.name, label, priority, requirements, common };
};

const buildCommand = (
  template: JobTemplate,
  build: Readonly<Record<string, unknown>>,
  lfn: string,
  taskId: number,
): string => {
  const archive = textIn(build, 'archiveName');
  return commandLine(textIn(build, 'jobParameters') ?? '', {
    ...{ taskId, attemptNr: 1, serial: 1, events: 0, isEventService: false, library: lfn },
    ...(template.source_url !== undefined && { sourceUrl: template.source_url }),
    streams: new Map([
      ['OUT', { names: [lfn], dataset: '' }],
      ...(archive === undefined ? [] : [['IN', { names: [archive], dataset: '' }] as const]),
    ]),
  });
};

/** `MMDDhhmmss`. */
const stamp = (timeMicros: number): string =>
  new Date(timeMicros / 1000).toISOString().replaceAll(/\D/gu, '').slice(4, 14);
