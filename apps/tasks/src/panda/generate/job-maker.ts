import type { JobFile, NewJob } from '#contracts/panda/events.js';
import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import { type Queue, resourceTypeOf } from '#contracts/panda/queues.js';
import type { InputTemplate, JobTemplate } from '#contracts/panda/template.js';
import { type ChunkNeeds, coresIn, minRamOf, ramNeedsOf, ramOf } from '../brokerage/requirements.js';
import { isOfUser } from '../labels.js';
import type { SplitRules } from '../refine/split-rules.js';
import type { Dataset, PandaView, Task, TaskFile } from '../view.js';
import { eventsOf } from './chunks.js';
import { EventServiceJobs } from './event-service.js';
import type { AlikeJobs } from './job-events.js';
import { blockOf, inputFile, OutputFiles } from './job-files.js';
import { needsText } from './job-needs.js';
import type { Numbers } from './numbers.js';
import { type CommandValues, commandLine, type Stream } from './placeholders.js';
import type { Seed } from './random-seeds.js';
import { scoutPriority } from './scouting.js';
import { cpuSecondsOf, diskOf, sizeOf, walltimeOfRule } from './sizes.js';
import { specialHandling } from './special-handling.js';
import { attributesOfTask } from './task-attributes.js';

/** The files that a job takes. */
export interface Chunk {
  /** Of the master input. */
  readonly records: readonly TaskFile[];
  readonly secondaries: readonly { readonly template: InputTemplate; readonly files: readonly TaskFile[] }[];
}

/** Chunks that become jobs which are alike but for their files. */
export interface ChunkGroup {
  readonly alike: AlikeJobs;
  readonly queue: Queue;
  readonly chunks: Chunk[];
}

/** The library that run jobs wait for or use (PanDA contract 9.5). */
export interface UsedLibrary {
  readonly lfn: string;
  readonly dataset: string;
  readonly datasetId: number;
  readonly fileId: number;
  readonly isReady: boolean;
}

/** What a job uses besides its chunk. */
interface UsedByJob {
  readonly seed: Seed | undefined;
  readonly library: UsedLibrary | undefined;
  /** Of event-service jobs. */
  readonly jobsetId: number | undefined;
}

/** What is the same for all jobs of one change. */
export interface MakingOf {
  readonly task: Task;
  readonly template: JobTemplate;
  readonly rules: SplitRules;
  readonly datasets: ReadonlyMap<number, Dataset>;
  readonly master: InputTemplate;
  readonly areScouts: boolean;
  readonly numbers: Numbers;
  readonly timeMicros: number;
}

type MakerView = Pick<PandaView, 'job' | 'nextJobDefinition' | 'resourceTypes'>;

/** Makes the jobs of one change of a task (contract 9.4, steps 3 to 5). */
export class JobMaker {
  private readonly ofTask: JobAttributes;
  private readonly priority: number;
  private readonly eventService: EventServiceJobs | undefined;
  private readonly outputs: OutputFiles;
  private readonly groups = new Map<string, ChunkGroup>();

  constructor(
    private readonly view: MakerView,
    private readonly of: MakingOf,
  ) {
    const { task, template, datasets, numbers, areScouts, rules } = of;
    const { currentPriority, userName, prodSourceLabel } = task.attributes;
    // Jobs of users are numbered by generation, per user.
    const isNumbered = isOfUser(prodSourceLabel);
    this.priority = areScouts ? scoutPriority(currentPriority ?? 0) : (currentPriority ?? 0);
    this.eventService = EventServiceJobs.of(task, rules);
    this.outputs = new OutputFiles(template.outputs, datasets, task.id, numbers);
    const outputs = template.outputs.filter(({ type }) => type === 'output');
    const destination = (outputs[0] ?? template.outputs[0])?.dataset;
    const input = of.master.type === 'input' ? of.master.dataset : null;
    const special = { isScout: areScouts, isEventService: this.eventService !== undefined };
    this.ofTask = {
      ...attributesOfTask(task.id, task.attributes, of.timeMicros),
      jobDefinitionID: isNumbered ? view.nextJobDefinition(userName ?? '') : 0,
      assignedPriority: this.priority,
      specialHandling: specialHandling(rules, special),
      eventService: this.eventService?.flavour ?? 0,
      prodDBlock: input,
      ...(input !== null && inputKind(input)),
      destinationDBlock: destination === undefined ? null : blockOf(destination),
      nOutputDataFiles: outputs.length,
    };
  }

  needsOf(chunk: Chunk): ChunkNeeds {
    const { task, rules } = this.of;
    const size = sizeOf(filesOf(chunk));
    const cpuSeconds = cpuSecondsOf(task.attributes, size);
    return {
      cores: task.attributes.coreCount ?? 1,
      ram: ramNeedsOf(task.attributes, Math.max(0, ...chunk.records.map(({ ramCount }) => ramCount))),
      disk: diskOf(task.attributes, size),
      walltime: walltimeOfRule(rules.number('maxWalltime')) ?? (cpuSeconds > 0 ? cpuSeconds : undefined),
    };
  }

  /** Adds a chunk to those that become jobs of a queue. */
  add(chunk: Chunk, queue: Queue, needs: ChunkNeeds, library: UsedLibrary | undefined): void {
    const size = sizeOf(filesOf(chunk));
    const attemptNr = attemptOf(chunk);
    const cpuSeconds = cpuSecondsOf(this.of.task.attributes, size);
    const key = JSON.stringify([queue.name, needs, attemptNr, cpuSeconds]);
    let group = this.groups.get(key);
    if (group === undefined) {
      group = { alike: this.alike(queue, needs, attemptNr, cpuSeconds, library), queue, chunks: [] };
      this.groups.set(key, group);
    }
    group.chunks.push(chunk);
  }

  /** In the order in which their first chunks were added. */
  get chunkGroups(): Iterable<ChunkGroup> {
    return this.groups.values();
  }

  make(chunk: Chunk, queue: Queue, more: UsedByJob): NewJob {
    const { numbers, datasets } = this.of;
    const pandaId = numbers.take('job');
    const parent = parentOf(chunk);
    const outputs = this.outputs.next(pandaId, queue.site);
    const inputs = [...chunk.records, ...chunk.secondaries.flatMap(({ files }) => files)];
    const size = sizeOf(inputs);
    const real = inputs.filter(({ type }) => type === 'input');
    return {
      panda_id: pandaId,
      set: {
        jobName: this.nameOf(pandaId, parent),
        jobParameters: this.commandOf(chunk, outputs, more) || ' ',
        ...(parent !== null && { parentID: parent }),
        ...(more.jobsetId !== undefined && { jobsetID: more.jobsetId }),
        ...(real.length > 0 && { nInputDataFiles: real.length, inputFileBytes: bytesOf(real) }),
        ...(size.events > 0 && more.jobsetId !== undefined && { nEvents: size.events }),
      },
      files: [
        ...inputs.map((file) => inputFile(numbers, file, datasets.get(file.datasetId)?.name ?? '')),
        ...(more.library === undefined ? [] : [libraryFile(numbers, more.library)]),
        ...outputs.files,
      ],
      takes: [
        ...chunk.records.map(({ id }) => id),
        ...chunk.secondaries.flatMap(({ template, files }) => (template.is_reusable ? [] : files.map(({ id }) => id))),
        ...(more.seed === undefined ? [] : [more.seed.id]),
      ],
    };
  }

  private alike(
    queue: Queue,
    { cores, ram, disk, walltime }: ChunkNeeds,
    attemptNr: number,
    cpuSeconds: number,
    library: UsedLibrary | undefined,
  ): AlikeJobs {
    const { attributes } = this.of.task;
    const coreCount = coresIn(queue.cores, cores);
    const maxWalltime = walltime ?? (queue.maxtime > 0 ? queue.maxtime : null);
    const perCore = { cores: coreCount, ram: ramOf(ram, coreCount), unit: null, base: 0 };
    const common: JobAttributes = {
      ...this.ofTask,
      ...{ cloud: queue.cloud, destinationSE: queue.site, coreCount, maxDiskCount: disk, maxWalltime },
      minRamCount: minRamOf(ram, coreCount),
      maxCpuCount: cpuSeconds,
      resource_type: resourceTypeOf(this.view.resourceTypes(), perCore),
      attemptNr,
      maxAttempt: this.eventService?.maxAttempt(attemptNr) ?? attemptNr,
    };
    return {
      kind: 'run',
      status: library?.isReady === false ? 'pending' : 'activated',
      site: queue.name,
      label: attributes.prodSourceLabel ?? '',
      priority: this.priority,
      requirements: needsText(common),
      common,
    };
  }

  /** All attempts have the name of the first one. */
  private nameOf(pandaId: number, parent: number | null): string {
    const before = parent === null ? undefined : this.view.job(parent)?.attributes.jobName;
    return before ?? `${this.of.task.attributes.taskName ?? ''}.${pandaId}`;
  }

  private commandOf(
    chunk: Chunk,
    outputs: { readonly serial: number; readonly files: readonly JobFile[] },
    { seed, library }: UsedByJob,
  ): string {
    const { task, template, rules, master } = this.of;
    const streams = new Map<string, Stream>();
    const isListed = rules.has('pfnList') && master.type === 'pseudo_input';
    streams.set(master.stream, streamOf(chunk.records, master.dataset, isListed));
    if (isListed) streams.set('IN', streamOf(chunk.records, master.dataset, isListed));
    for (const { template: secondary, files } of chunk.secondaries) {
      streams.set(secondary.stream, streamOf(files, secondary.dataset, false));
    }
    template.outputs.forEach(({ stream, dataset }, at) => {
      const { lfn } = outputs.files[at] ?? { lfn: '' };
      streams.set(stream, { names: [lfn], dataset });
    });
    const values: CommandValues = {
      ...{ taskId: task.id, attemptNr: attemptOf(chunk), serial: outputs.serial, streams },
      ...eventValues(chunk.records, template),
      ...(seed !== undefined && { seed: seed.value }),
      ...(template.source_url !== undefined && { sourceUrl: template.source_url }),
      ...(library !== undefined && { library: library.lfn }),
      segment: { id: chunk.records[0]?.datasetId ?? master.dataset_id, name: master.dataset },
      isEventService: this.eventService !== undefined,
    };
    return commandLine(template.parameters, values);
  }
}

const filesOf = ({ records, secondaries }: Chunk): readonly TaskFile[] => [
  ...records,
  ...secondaries.flatMap(({ files }) => files),
];

const bytesOf = (files: readonly TaskFile[]): number => files.reduce((sum, { fsize }) => sum + fsize, 0);

const attemptOf = ({ records }: Chunk): number => Math.max(0, ...records.map(({ attemptNr }) => attemptNr)) + 1;

/** The job that had the record which has been tried most often. */
const parentOf = ({ records }: Chunk): number | null => {
  const [first, ...others] = records;
  if (first === undefined) return null;
  const tried = others.reduce((one, other) => (other.attemptNr > one.attemptNr ? other : one), first);
  return tried.attemptNr > 0 ? tried.pandaId : null;
};

const INPUT_TYPE_AT = 4;

/** `project.number.step.tag.type…`: names of datasets tell what their files are. */
const inputKind = (dataset: string): JobAttributes => {
  const parts = dataset.slice(dataset.indexOf(':') + 1).split('.');
  const type = parts[INPUT_TYPE_AT];
  return { inputFileProject: parts[0] ?? null, ...(type !== undefined && { inputFileType: type.slice(0, 32) }) };
};

/** `<index>:<name>^<events>`: only the name is for jobs. */
const LISTED_NAME = /^\d+:(.*?)(?:\^\d+)?$/su;

const streamOf = (files: readonly TaskFile[], dataset: string, isListed: boolean): Stream => {
  const names = [...new Set(files.map(({ lfn }) => lfn))].sort();
  return { dataset, names: isListed ? names.map((name) => LISTED_NAME.exec(name)?.[1] ?? name) : names };
};

const eventValues = (
  records: readonly TaskFile[],
  { number_offsets: offsets }: JobTemplate,
): Pick<CommandValues, 'firstEvent' | 'skipEvents' | 'events'> => {
  const skipEvents = records.find(({ startEvent }) => startEvent !== null)?.startEvent ?? undefined;
  const first = records.find(({ firstEvent }) => firstEvent !== null)?.firstEvent ?? skipEvents;
  return {
    events: records.reduce((sum, record) => sum + (eventsOf(record) ?? 0), 0),
    ...(skipEvents !== undefined && { skipEvents }),
    ...(first !== undefined && { firstEvent: first + (offsets?.['FIRSTEVENT'] ?? 0) }),
  };
};

const libraryFile = (numbers: Numbers, { lfn, dataset, datasetId, fileId, isReady }: UsedLibrary): JobFile => ({
  row_ID: numbers.take('row'),
  ...{ type: 'input', lfn, status: isReady ? 'ready' : 'pending' },
  ...{ dataset, prodDBlock: dataset, scope: scopeOfLibrary(dataset), datasetID: datasetId, fileID: fileId },
});

const scopeOfLibrary = (dataset: string): string => dataset.split('.', 1)[0] ?? dataset;
