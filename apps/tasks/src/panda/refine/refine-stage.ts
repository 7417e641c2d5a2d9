import type { DatasetsAdded, NewDataset } from '#contracts/panda/events.js';
import type { InputTemplate, JobTemplate, OutputTemplate } from '#contracts/panda/template.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { datasetsMoved } from '../datasets-moved.js';
import type { Stage, StageStep } from '../stage/stage.js';
import { taskMoved, taskStopped } from '../task-moved.js';
import { textEvents } from '../text-events.js';
import type { Dataset, PandaView, Task } from '../view.js';
import { datasetAttributes, type InputItem, type OutputItem, readJobParameters } from './job-parameters.js';
import { InvalidDocument, TaskDocument } from './task-document.js';
import { attributesOf, checkDocument } from './task-facts.js';

/** Reads the document of a task and makes of it attributes, datasets and a template of jobs; or says why it cannot (PanDA contract 9.1, 9.2). */
export const refineStage: Stage = {
  name: 'refine',
  statuses: new Set(['registered', 'rerefine']),
  *step(view, task) {
    try {
      return refined(view, task, yield* TaskDocument.parse(view.taskText(task, 'parameters') ?? '{}'));
    } catch (error) {
      if (!(error instanceof InvalidDocument)) throw error;
      return { events: [taskStopped(task, 'tobroken', error.message)] };
    }
  },
};

const refined = (view: PandaView, task: Task, document: TaskDocument): StageStep => {
  checkDocument(document);
  const { commandLine, inputs, outputs, numberOffsets } = readJobParameters(document);
  const datasets = new TaskDatasets(view, task);
  const inputTemplates = inputs.flatMap((input, index) => datasets.addInput(input, index === 0));
  const outputTemplates = outputs.map((output) => datasets.addOutput(output));
  const build = document.object('buildSpec');
  const esMerge = document.object('esmergeSpec');
  const sourceUrl = document.text('sourceURL');
  const included = document.names('includedSite');
  const excluded = document.names('excludedSite');
  const template: JobTemplate = {
    parameters: commandLine,
    inputs: inputTemplates,
    outputs: outputTemplates,
    ...(Object.keys(numberOffsets).length > 0 && { number_offsets: numberOffsets }),
    ...(build !== undefined && { build }),
    ...(esMerge !== undefined && { es_merge: esMerge }),
    ...(sourceUrl !== null && { source_url: sourceUrl }),
    ...(included !== undefined && { included_sites: included }),
    ...(excluded !== undefined && { excluded_sites: excluded }),
  };
  const set = { ...attributesOf(view, task, document), errorDialog: null };
  return {
    events: [
      ...datasets.events(),
      ...textEvents(task.stream, 'template', JSON.stringify(template)),
      taskMoved(task, 'defined', { set }),
    ],
  };
};

/** The datasets of a task: those that it has, and those that its document adds. */
class TaskDatasets {
  private readonly known: ReadonlyMap<string, Dataset>;
  private readonly added: NewDataset[] = [];
  private readonly again: Dataset[] = [];
  private nextId: number;
  private masterId: number | undefined;

  constructor(
    view: PandaView,
    private readonly task: Task,
  ) {
    this.known = new Map(view.datasets(task).map((dataset) => [`${dataset.type} ${dataset.name}`, dataset]));
    this.nextId = view.next('dataset');
  }

  addInput(input: InputItem, isMaster: boolean): readonly InputTemplate[] {
    const { stream, type, datasets, item } = input;
    const attributes = datasetAttributes(input);
    return datasets.map((name): InputTemplate => {
      const master = isMaster ? {} : { master_id: this.masterId ?? this.nextId };
      const facts = { attributes, stream_name: stream, ...master };
      const dataset_id = this.idOf({ name, type, status: 'defined', ...facts });
      if (isMaster) this.masterId ??= dataset_id;
      const [perJob, ratio, eventRatio] = ['nFilesPerJob', 'ratio', 'eventRatio'].map((key) => item.number(key));
      return {
        ...{ dataset_id, stream, type, dataset: name },
        ...(typeof perJob === 'number' && { files_per_job: perJob }),
        ...(typeof ratio === 'number' && { ratio }),
        ...(typeof eventRatio === 'number' && { event_ratio: eventRatio }),
        ...(item.isOn('reusable') && { is_reusable: true }),
        ...(item.isOn('random') && { is_random: true }),
        ...(item.has('offset') && { offset: item.integer('offset') ?? 0 }),
      };
    });
  }

  addOutput({ stream, type, dataset: name, fileName, item }: OutputItem): OutputTemplate {
    const [container, token, destination] = ['container', 'token', 'destination'].map((key) => item.text(key));
    const placed = {
      ...(typeof container === 'string' && { container }),
      ...(typeof destination === 'string' && { destination }),
    };
    const dataset_id = this.idOf({
      ...{ name, type, status: 'defined', stream_name: stream },
      ...(item.isOn('allowNoOutput') && { attributes: 'an' }),
      ...(typeof token === 'string' && { storage_token: token }),
      ...placed,
    });
    return {
      ...{ dataset_id, type, stream, file_name: fileName, dataset: name, offset: item.integer('offset') ?? 0 },
      ...(item.isOn('allowNoOutput') && { allow_no_output: true }),
      ...(typeof token === 'string' && { token }),
      ...placed,
    };
  }

  events(): readonly DecidedEvent[] {
    const { stream } = this.task;
    const added: DatasetsAdded = { datasets: this.added };
    return [
      ...(this.added.length > 0 ? [{ stream, type: 'DatasetsAdded', data: added }] : []),
      ...datasetsMoved(this.task, this.again, { status: 'toupdate' }),
    ];
  }

  /** The id of a dataset, which is added when the task does not have it. An input that is known is read again. */
  private idOf(dataset: Omit<NewDataset, 'dataset_id'>): number {
    const before = this.known.get(`${dataset.type} ${dataset.name}`);
    if (before !== undefined) {
      if (dataset.type !== 'output' && dataset.type !== 'log') this.again.push(before);
      return before.id;
    }
    const dataset_id = this.nextId++;
    this.added.push({ dataset_id, ...dataset });
    return dataset_id;
  }
}
