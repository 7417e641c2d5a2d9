import { hash } from 'node:crypto';
import type { JobFile } from '#contracts/panda/events.js';
import type { OutputTemplate } from '#contracts/panda/template.js';
import type { Dataset, TaskFile } from '../view.js';
import type { Numbers } from './numbers.js';
import { outputNames } from './placeholders.js';

/** The scope of a dataset's files: what is before `:`, or the first part of the name, of users and groups the first two. */
export const scopeOf = (dataset: string): string => {
  const colon = dataset.indexOf(':');
  if (colon >= 0) return dataset.slice(0, colon);
  const [first = '', second] = dataset.split('.');
  return second !== undefined && (first === 'user' || first === 'group') ? `${first}.${second}` : first;
};

/** An input file of a job. */
export const inputFile = (numbers: Numbers, file: TaskFile, dataset: string): JobFile => ({
  row_ID: numbers.take('row'),
  type: file.type === 'pseudo_input' ? 'pseudo_input' : 'input',
  lfn: file.lfn,
  status: 'ready',
  ...{ dataset, prodDBlock: dataset, datasetID: file.datasetId, fileID: file.id, attemptNr: file.attemptNr },
  ...(file.guid !== null && { GUID: file.guid }),
  ...(file.fsize > 0 && { fsize: file.fsize }),
  ...checksumOf(file.checksum),
  ...(file.scope !== null && { scope: file.scope }),
});

const MD5 = 'md:';

const checksumOf = (checksum: string | null): Pick<JobFile, 'md5sum' | 'checksum'> => {
  if (checksum === null) return {};
  return checksum.startsWith(MD5) ? { md5sum: checksum.slice(MD5.length) } : { checksum };
};

/** A template of outputs with what is the same for all its files. */
interface Output {
  readonly template: OutputTemplate;
  readonly nameOf: (serial: number) => string;
  readonly alike: Partial<JobFile>;
}

const outputOf = (template: OutputTemplate, taskId: number): Output => {
  const { dataset_id: datasetID, dataset, container = dataset, token } = template;
  return {
    template,
    nameOf: outputNames(template.file_name, taskId),
    alike: {
      ...{ dataset: container, destinationDBlock: blockOf(dataset) },
      ...(token !== undefined && { destinationDBlockToken: token }),
      ...{ scope: scopeOf(dataset), datasetID },
    },
  };
};

/** Outputs and logs of the jobs of one change. Each template counts on from the files that it has had, whatever became of them. */
export class OutputFiles {
  private readonly serials: Map<number, number>;
  private readonly outputs: readonly Output[];

  constructor(
    templates: readonly OutputTemplate[],
    datasets: ReadonlyMap<number, Dataset>,
    taskId: number,
    private readonly numbers: Numbers,
  ) {
    this.outputs = templates.map((template) => outputOf(template, taskId));
    this.serials = new Map(
      templates.map(({ dataset_id: id, offset }) => [id, offset + 1 + (datasets.get(id)?.nFiles ?? 0)]),
    );
  }

  /** The files of one job, and the smallest of their serial numbers. */
  next(pandaId: number, destination: string): { readonly serial: number; readonly files: readonly JobFile[] } {
    let smallest = Infinity;
    const files = this.outputs.map((output): JobFile => {
      const { dataset_id: id } = output.template;
      const serial = this.serials.get(id) ?? 1;
      this.serials.set(id, serial + 1);
      smallest = Math.min(smallest, serial);
      return this.fileOf(output, pandaId, serial, destination);
    });
    return { serial: Number.isFinite(smallest) ? smallest : 1, files };
  }

  private fileOf({ template, nameOf, alike }: Output, pandaId: number, serial: number, destination: string): JobFile {
    const { type } = template;
    return {
      row_ID: this.numbers.take('row'),
      type,
      lfn: nameOf(serial),
      status: 'unknown',
      ...alike,
      destinationSE: template.destination ?? destination,
      // Pilots name the log by it. What a job gets must not depend on when it is decided, so it is not random.
      ...(type === 'log' && { GUID: guidOf(`log of job ${pandaId}`) }),
      fileID: this.numbers.take('file'),
    };
  }
}

/** The dataset of a container, whose name ends with `/`, that files are registered in. */
export const blockOf = (dataset: string): string => (dataset.endsWith('/') ? dataset.slice(0, -1) : dataset);

/** A GUID that depends on the name only. */
export const guidOf = (name: string): string => {
  const digest = hash('sha1', name);
  return [8, 12, 16, 20, 32].map((end, at, ends) => digest.slice(at === 0 ? 0 : ends[at - 1], end)).join('-');
};
