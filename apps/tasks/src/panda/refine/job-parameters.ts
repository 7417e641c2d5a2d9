import { isObject } from '#platform/json-object.js';
import { InvalidDocument, TaskDocument } from './task-document.js';

/** The dataset of a task without inputs, and of the file that stands for its events (PanDA contract 9.2, 9.3). */
const PSEUDO_DATASET = 'pseudo_dataset';
const RANDOM_SEED = 'RNDMSEED';

/** An input of `jobParameters`. Several datasets of one item are used alike. */
export interface InputItem {
  readonly stream: string;
  readonly type: 'input' | 'pseudo_input' | 'random_seed';
  readonly datasets: readonly string[];
  /** The item itself: `files`, `include`, `offset` and so on. */
  readonly item: TaskDocument;
}

export interface OutputItem {
  readonly stream: string;
  readonly type: 'output' | 'log';
  readonly dataset: string;
  readonly fileName: string;
  readonly item: TaskDocument;
}

/** What `jobParameters` and `log` of a task say. */
export interface JobParameters {
  /** The command line of the jobs, with placeholders. */
  readonly commandLine: string;
  /** In their order: the datasets of the first are the masters. */
  readonly inputs: readonly InputItem[];
  readonly outputs: readonly OutputItem[];
  /** Offsets of numbers by their placeholder. */
  readonly numberOffsets: Readonly<Record<string, number>>;
}

/** Reads the items of a task's jobs (PanDA contract 9.2). Throws {@link InvalidDocument}. */
export const readJobParameters = (document: TaskDocument): JobParameters => {
  const reader = new ItemReader(document);
  if (document.isOn('noInput')) reader.addPseudoInput();
  for (const item of itemsOf(document.list('jobParameters') ?? [], 'jobParameters')) reader.addItem(item);
  for (const item of logsOf(document)) reader.addLog(item);
  return reader.parameters();
};

class ItemReader {
  private readonly inputs: InputItem[] = [];
  private readonly outputs: OutputItem[] = [];
  private readonly numberOffsets: Record<string, number> = {};
  private readonly seen = new Set<string>();
  private commandLine = '';

  constructor(private readonly document: TaskDocument) {}

  /** Physical names that are given stand in its place on the command line. */
  addPseudoInput(): void {
    const stream = this.document.has('pfnList') ? 'IN' : 'PSEUDO';
    this.addInput(stream, 'pseudo_input', [PSEUDO_DATASET], new TaskDocument({}));
  }

  addItem(item: TaskDocument): void {
    const value = item.text('value') ?? '';
    this.append(item, item.text('type') === 'template' ? this.template(item, value) : value);
  }

  /** Logs are not part of the command line. */
  addLog(item: TaskDocument): void {
    this.addOutput('log', item, item.text('value') ?? '');
  }

  parameters(): JobParameters {
    const { commandLine, inputs, outputs, numberOffsets } = this;
    return { commandLine: commandLine.trimEnd(), inputs, outputs, numberOffsets };
  }

  private append(item: TaskDocument, value: string): void {
    if (item.isOn('hidden')) return;
    this.commandLine += item.values['padding'] === false ? value : `${value} `;
  }

  /** @returns what stands on the command line */
  private template(item: TaskDocument, value: string): string {
    const kind = item.text('param_type');
    switch (kind) {
      case 'input':
      case 'pseudo_input':
        this.addInput(streamIn(value) ?? `IN${this.inputs.length}`, kind, item.names('dataset'), item);
        return value;
      case 'output':
      case 'log':
        return this.addOutput(kind, item, value);
      case 'number': {
        const stream = streamIn(value);
        if (stream !== undefined) this.numberOffsets[stream] = item.integer('offset') ?? 0;
        if (stream === RANDOM_SEED) this.addInput(RANDOM_SEED, 'random_seed', [RANDOM_SEED], item);
        return value;
      }
      default:
        return value;
    }
  }

  private addInput(
    stream: string,
    type: InputItem['type'],
    named: readonly string[] | undefined,
    item: TaskDocument,
  ): void {
    if (named === undefined) throw new InvalidDocument(`the input \${${stream}} has no dataset`);
    const all = [...named, ...(this.document.names(`dsFor${stream}`) ?? [])];
    const datasets = all.filter((name) => !this.seen.has(name) && this.seen.add(name));
    if (datasets.length > 0) this.inputs.push({ stream, type, datasets, item });
  }

  private addOutput(type: OutputItem['type'], item: TaskDocument, value: string): string {
    const count = this.outputs.filter((output) => output.type === type).length;
    const stream = `${type === 'log' ? 'LOG' : 'OUTPUT'}${count}`;
    const fileName = value
      .slice(value.lastIndexOf('=') + 1)
      .replaceAll("'", '')
      .trim();
    const dataset = item.text('dataset');
    if (dataset === null || dataset === '') throw new InvalidDocument(`the ${type} ${value} has no dataset`);
    if (fileName === '') throw new InvalidDocument(`the ${type} of the dataset ${dataset} has no file name`);
    this.outputs.push({ stream, type, dataset, fileName, item });
    return value.replace(fileName, `\${${stream}}`);
  }
}

const itemsOf = (items: readonly unknown[], key: string): readonly TaskDocument[] =>
  items.map((item, index) => {
    if (!isObject(item)) throw new InvalidDocument(`${key}[${index}] must be an object`);
    return new TaskDocument(item);
  });

const logsOf = ({ values }: TaskDocument): readonly TaskDocument[] => {
  const log = values['log'] ?? undefined;
  if (log === undefined) return [];
  return itemsOf(Array.isArray(log) ? log : [log], 'log');
};

/** The name of the first placeholder, without its decorators: `IN` of `${IN/L}`. */
const streamIn = (value: string): string | undefined => /\$\{([^}/[]+)/u.exec(value)?.[1];

/** The short tokens of a dataset's attributes (contract 3.2). */
export const datasetAttributes = ({
  item,
  datasets,
}: {
  readonly item: TaskDocument;
  readonly datasets: readonly string[];
}): string =>
  [
    ...SWITCHES.filter(([key]) => item.isOn(key)).map(([, token]) => token),
    ...NUMBERS.flatMap(([key, token]) => (item.has(key) ? [`${token}=${item.text(key)}`] : [])),
    ...(datasets.some(isPseudoName) ? ['ps'] : []),
  ].join(',');

/** Datasets that are no lists of files but are made up. */
export const isPseudoName = (dataset: string): boolean => dataset === PSEUDO_DATASET || dataset === SEQUENCE_DATASET;

/** The dataset of records that are numbers (contract 9.3). */
export const SEQUENCE_DATASET = 'seq_number';

const SWITCHES = [
  ['allowNoOutput', 'an'],
  ['check', 'cc'],
  ['indexConsistent', 'ic'],
  ['mergeOnly', 'mo'],
  ['random', 'rd'],
  ['reusable', 'ru'],
  ['usedup', 'ud'],
] as const;

const NUMBERS = [
  ['eventRatio', 'er'],
  ['nFilesPerJob', 'np'],
  ['num_records', 'nr'],
  ['offset', 'of'],
  ['transient', 'tr'],
] as const;
