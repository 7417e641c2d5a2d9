import type { FilesAdded, NewFile, PseudoFiles } from '#contracts/panda/events.js';
import { isFinalTask } from '#contracts/panda/statuses.js';
import { timeText } from '#contracts/panda/times.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { datasetsMoved } from '../datasets-moved.js';
import { needsScouts } from '../generate/scouting.js';
import { filePages } from '../pages.js';
import { type InputItem, readJobParameters, SEQUENCE_DATASET } from '../refine/job-parameters.js';
import { SplitRules } from '../refine/split-rules.js';
import { InvalidDocument, TaskDocument } from '../refine/task-document.js';
import { eventsPerInputOf, eventsPerJobOf, maxAttemptOf } from '../refine/task-facts.js';
import type { Stage, StageStep } from '../stage/stage.js';
import { taskMoved, taskStopped } from '../task-moved.js';
import type { Dataset, PandaView, Task } from '../view.js';
import { cutFiles, listedFiles, namedFiles } from './file-lists.js';
import { filesForScouts } from './scout-limit.js';

/** Characters of one event's files: however they are escaped and encoded, they fit its size limit. */
const CHARACTERS_PER_EVENT = 50_000;
const FILES_PER_EVENT = 1_000;
const RECORDS_PER_YIELD = 500;
const SEQUENCE_LENGTH = 10_000;
/** The most records of one dataset: one change adds them, and all other changes wait for it. */
const RECORDS_MAX = 200_000;
const PSEUDO_LFN = 'pseudo_lfn';

const EMPTY = 'primary input dataset is empty or all files are excluded';

/** Reads the inputs of a task: which files each of its input datasets has (PanDA contract 9.3). */
export const feedStage: Stage = {
  name: 'feed',
  statuses: new Set(['defined', 'pending']),
  step: feed,
};

function* feed(view: PandaView, task: Task, timeMicros: number): Generator<void, StageStep | undefined, void> {
  const { status, attributes } = task;
  if (status === 'pending' && attributes.oldStatus !== 'defined') return undefined;
  if (waitsForParent(view, task)) {
    if (status === 'pending') return undefined;
    const set = { oldStatus: status };
    return { events: [taskStopped(task, 'pending', `waiting for the parent task ${attributes.parent_tid}`, { set })] };
  }
  try {
    const document = yield* TaskDocument.parse(view.taskText(task, 'parameters') ?? '{}');
    return yield* new Feeding(view, task, document).step(timeMicros);
  } catch (error) {
    if (!(error instanceof InvalidDocument)) throw error;
    return { events: [taskStopped(task, 'tobroken', error.message)] };
  }
}

const waitsForParent = (view: PandaView, { id, attributes }: Task): boolean => {
  const parentId = attributes.parent_tid;
  if (parentId === null || parentId === id || SplitRules.parse(attributes.splitRule).has('noWaitParent')) return false;
  const parent = view.task(parentId);
  return parent !== undefined && !isFinalTask(parent.status);
};

/** Files that are all listed, or told by their number. */
type Records = readonly NewFile[] | PseudoFiles;

/** A file that is split has one record at its beginning. */
const filesIn = (records: Records): number =>
  'count' in records ? records.count : records.filter(({ start_event: start = 0 }) => start === 0).length;

const eventsIn = (records: Records): number =>
  'count' in records ? (records.events ?? 0) : records.reduce((sum, { n_events: events = 0 }) => sum + events, 0);

const countOf = (records: Records): number => ('count' in records ? records.count : records.length);

class Feeding {
  private readonly rules: SplitRules;
  private readonly events: DecidedEvent[] = [];
  private readonly maxAttempt: number;
  private readonly maxFailure: number | null;
  private nextFileId: number;
  /** What the master datasets together may still have; null for any number. */
  private left: { readonly files: number | null; readonly events: number | null };

  constructor(
    private readonly view: PandaView,
    private readonly task: Task,
    private readonly document: TaskDocument,
  ) {
    this.rules = SplitRules.parse(task.attributes.splitRule);
    this.nextFileId = view.next('file');
    this.maxAttempt = maxAttemptOf(document);
    this.maxFailure = document.integer('maxFailure');
    this.left = { files: document.positiveInteger('nFiles'), events: document.positiveInteger('nEvents') };
  }

  *step(timeMicros: number): Generator<void, StageStep, void> {
    const datasets = new Map(this.view.datasets(this.task).map((dataset) => [dataset.name, dataset]));
    let [masterFiles, unprocessed] = [0, 0];
    for (const [index, input] of readJobParameters(this.document).inputs.entries()) {
      if (input.type === 'random_seed') continue;
      for (const name of input.datasets) {
        const dataset = datasets.get(name);
        if (dataset === undefined) throw new InvalidDocument(`unknown input dataset "${name}"`);
        const isFed = dataset.status !== 'defined' && dataset.status !== 'toupdate';
        const added = isFed ? 0 : yield* this.feed(dataset, input, index === 0);
        if (isFed && index === 0) this.takeOff(dataset.nFiles, 0);
        if (index > 0) continue;
        masterFiles += dataset.nFiles + added;
        unprocessed += dataset.nFiles + added - dataset.nFilesFinished - dataset.nFilesFailed;
      }
    }
    return { events: [...this.events, this.outcome(masterFiles, unprocessed, timeMicros)] };
  }

  private outcome(masterFiles: number, unprocessed: number, timeMicros: number): DecidedEvent {
    const { task } = this;
    const before = task.attributes.oldStatus ?? '';
    if (masterFiles === 0 && !this.rules.has('allowEmptyInput')) return taskStopped(task, 'tobroken', EMPTY);
    if (unprocessed === 0 && masterFiles > 0 && (isFinalTask(before) || before === 'exhausted')) {
      // An incremental execution that has found nothing.
      const endTime = isFinalTask(before) ? { endTime: timeText(timeMicros) } : {};
      const reason = 'no new or unprocessed input files';
      return taskMoved(task, before, { reason, set: { oldStatus: null, ...endTime } });
    }
    const set = { oldStatus: null, errorDialog: null };
    return taskMoved(task, masterFiles === 0 ? 'prepared' : 'ready', { set });
  }

  /** @returns how many files are added */
  private *feed(dataset: Dataset, input: InputItem, isMaster: boolean): Generator<void, number, void> {
    const all = yield* this.recordsOf(dataset, input, isMaster);
    bounded(countOf(all), dataset.name);
    if (isMaster) this.takeOff(filesIn(all), eventsIn(all));
    const records = dataset.nFiles === 0 ? all : yield* this.newOf(dataset, all);
    yield* this.addFiles(dataset, records);
    const nFiles = dataset.nFiles + countOf(records);
    const limit = isMaster && needsScouts(this.rules) ? filesForScouts(this.rules, sizesOf(all)) : nFiles;
    this.events.push(
      ...datasetsMoved(this.task, [dataset], { status: 'ready', files_to_be_used: Math.min(nFiles, limit) }),
    );
    return countOf(records);
  }

  /** Further master datasets may have less. */
  private takeOff(files: number, events: number): void {
    const { left } = this;
    this.left = {
      files: left.files === null ? null : Math.max(0, left.files - files),
      events: left.events === null ? null : Math.max(0, left.events - events),
    };
  }

  private *recordsOf(dataset: Dataset, { type, item }: InputItem, isMaster: boolean): Generator<void, Records, void> {
    const { document } = this;
    const cut = {
      filesMax: isMaster ? this.left.files : null,
      eventsMax: isMaster ? this.left.events : null,
      eventsPerFile: eventsPerInputOf(document),
      eventsPerJob: isMaster ? eventsPerJobOf(document) : null,
    };
    const listed = item.list('files');
    if (listed !== undefined) return yield* cutFiles(yield* listedFiles(item, listed), cut);
    if (dataset.name === SEQUENCE_DATASET) return yield* this.sequence(item);
    if (type === 'pseudo_input') {
      const names = isMaster ? document.names('pfnList') : undefined;
      return names === undefined ? this.pseudoFiles() : yield* cutFiles(namedFiles(names), cut);
    }
    const ofParent = yield* this.filesOfParent(dataset.name);
    if (ofParent === undefined) throw new InvalidDocument(`unknown input dataset "${dataset.name}"`);
    return yield* cutFiles(yield* listedFiles(item, ofParent), cut);
  }

  private pseudoFiles(): PseudoFiles {
    const events = this.document.positiveInteger('nEvents');
    const perFile = eventsPerJobOf(this.document);
    if (events === null || perFile === null) {
      return { lfn: PSEUDO_LFN, count: this.document.positiveInteger('nFiles') ?? 1 };
    }
    return { lfn: PSEUDO_LFN, count: Math.ceil(events / perFile), events_per_file: perFile, events };
  }

  /** Numbers from 1 on, behind an offset, as records. */
  private *sequence(item: TaskDocument): Generator<void, readonly NewFile[], void> {
    const [events, perJob] = [this.document.positiveInteger('nEvents'), eventsPerJobOf(this.document)];
    const ofEvents = events === null || perJob === null ? null : Math.ceil(events / perJob);
    const length =
      item.positiveInteger('num_records') ?? this.document.positiveInteger('nFiles') ?? ofEvents ?? SEQUENCE_LENGTH;
    bounded(length, SEQUENCE_DATASET);
    const offset = item.integer('offset') ?? 0;
    const records: NewFile[] = [];
    for (let number = offset + 1; number <= offset + length; number += 1) {
      records.push({ lfn: String(number), first_event: number });
      if (number % RECORDS_PER_YIELD === 0) yield;
    }
    return records;
  }

  /** The finished files of the parent's output of this name. */
  private *filesOfParent(name: string): Generator<void, readonly NewFile[] | undefined, void> {
    const parent = this.view.task(this.task.attributes.parent_tid ?? 0);
    if (parent === undefined) return undefined;
    const plain = withoutSlash(name);
    const outputs = this.view.datasets(parent).filter(({ type, name: output, container }) => {
      return type === 'output' && (withoutSlash(output) === plain || withoutSlash(container ?? '') === plain);
    });
    if (outputs.length === 0) return undefined;
    const files: NewFile[] = [];
    for (const { id } of outputs) {
      for (const page of filePages(this.view, id)) {
        for (const { status, lfn, guid, scope, fsize, checksum, nEvents } of page) {
          if (status !== 'finished') continue;
          files.push({
            ...{ lfn, fsize },
            ...(guid !== null && { guid }),
            ...(scope !== null && { scope }),
            ...(checksum !== null && { checksum }),
            ...(nEvents !== null && nEvents > 0 && { n_events: nEvents }),
          });
        }
        yield;
      }
    }
    return files;
  }

  /** Of records that are read again those that the dataset does not have. */
  private *newOf({ id, nFiles }: Dataset, records: Records): Generator<void, Records, void> {
    if ('count' in records) return pseudoFrom(nFiles, records);
    const added: NewFile[] = [];
    for (const [index, record] of records.entries()) {
      const { start_event: start, end_event: end } = record;
      const bounds = start === undefined || end === undefined ? undefined : ([start, end] as const);
      if (!this.view.hasFile(id, record.lfn, bounds)) added.push(record);
      if (index % RECORDS_PER_YIELD === 0) yield;
    }
    return added;
  }

  private *addFiles(dataset: Dataset, records: Records): Generator<void, void, void> {
    const count = countOf(records);
    if (count === 0) return;
    if ('count' in records) {
      this.add(dataset, { pseudo: records }, count);
      return;
    }
    for (const files of perEvent(records)) {
      this.add(dataset, { files }, files.length);
      yield;
    }
  }

  private add({ id }: Dataset, added: Pick<FilesAdded, 'files' | 'pseudo'>, count: number): void {
    const data: FilesAdded = {
      ...{ dataset_id: id, first_file_id: this.nextFileId, status: 'ready', max_attempt: this.maxAttempt },
      ...(this.maxFailure !== null && { max_failure: this.maxFailure }),
      ...added,
    };
    this.nextFileId += count;
    this.events.push({ stream: this.task.stream, type: 'FilesAdded', data });
  }
}

const bounded = (records: number, dataset: string): void => {
  if (records > RECORDS_MAX) throw new InvalidDocument(`the input "${dataset}" has more than ${RECORDS_MAX} records`);
};

const withoutSlash = (name: string): string => name.replace(/\/$/u, '');

/** Further files of a dataset that has some: each with its own events, because the count of the others is behind it. */
const pseudoFrom = (first: number, { lfn, count, events_per_file: perFile, events }: PseudoFiles): Records => {
  const length = Math.max(0, count - first);
  if (perFile === undefined || events === undefined) return { lfn, count: length };
  return Array.from({ length }, (_, index) => {
    const start_event = (first + index) * perFile;
    const end_event = Math.min(start_event + perFile, events) - 1;
    return { lfn, n_events: end_event - start_event + 1, start_event, end_event };
  });
};

/** Undefined for files that are split by events: each of their records is a job. */
const sizesOf = (records: Records): Iterable<number> | undefined => {
  if ('count' in records) return records.events_per_file === undefined ? repeated(0, records.count) : undefined;
  return records[0]?.start_event === undefined ? records.map(({ fsize = 0 }) => fsize) : undefined;
};

function* repeated(value: number, count: number): Generator<number, void, void> {
  for (let index = 0; index < count; index += 1) yield value;
}

function* perEvent(files: readonly NewFile[]): Generator<readonly NewFile[], void, void> {
  let [chunk, characters]: [NewFile[], number] = [[], 0];
  for (const file of files) {
    const length = Object.values(file).reduce((sum: number, value) => sum + String(value).length + 20, 10);
    if (chunk.length === FILES_PER_EVENT || (chunk.length > 0 && characters + length > CHARACTERS_PER_EVENT)) {
      yield chunk;
      [chunk, characters] = [[], 0];
    }
    chunk.push(file);
    characters += length;
  }
  if (chunk.length > 0) yield chunk;
}
