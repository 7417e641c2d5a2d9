import { createHash } from 'node:crypto';
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

/** Outputs and logs of the jobs of one change. Each template counts on from the files that it has had, whatever became of them. */
export class OutputFiles {
  private readonly serials: Map<number, number>;
  private readonly names: ReadonlyMap<OutputTemplate, (serial: number) => string>;

  constructor(
    private readonly templates: readonly OutputTemplate[],
    datasets: ReadonlyMap<number, Dataset>,
    taskId: number,
    private readonly numbers: Numbers,
  ) {
    this.names = new Map(templates.map((template) => [template, outputNames(template.file_name, taskId)]));
    this.serials = new Map(
      templates.map(({ dataset_id: id, offset }) => [id, offset + 1 + (datasets.get(id)?.nFiles ?? 0)]),
    );
  }

  /** The files of one job, and the smallest of their serial numbers. */
  next(pandaId: number, destination: string): { readonly serial: number; readonly files: readonly JobFile[] } {
    let smallest = Infinity;
    const files = this.templates.map((template): JobFile => {
      const serial = this.serials.get(template.dataset_id) ?? 1;
      this.serials.set(template.dataset_id, serial + 1);
      smallest = Math.min(smallest, serial);
      return this.fileOf(template, pandaId, serial, template.destination ?? destination);
    });
    return { serial: Number.isFinite(smallest) ? smallest : 1, files };
  }

  private fileOf(template: OutputTemplate, pandaId: number, serial: number, destination: string): JobFile {
    const { dataset_id: datasetID, type, dataset, token } = template;
    return {
      row_ID: this.numbers.take('row'),
      type,
      lfn: this.names.get(template)?.(serial) ?? '',
      status: 'unknown',
      ...{ dataset: template.container ?? dataset, destinationDBlock: blockOf(dataset) },
      ...(token !== undefined && { destinationDBlockToken: token }),
      ...{ destinationSE: destination, scope: scopeOf(dataset) },
      // Pilots name the log by it. What a job gets must not depend on when it is decided, so it is not random.
      ...(type === 'log' && { GUID: guidOf(`log of job ${pandaId}`) }),
      ...{ datasetID, fileID: this.numbers.take('file') },
    };
  }
}

/** The dataset of a container, whose name ends with `/`, that files are registered in. */
export const blockOf = (dataset: string): string => (dataset.endsWith('/') ? dataset.slice(0, -1) : dataset);

/** A GUID that depends on the name only. */
export const guidOf = (name: string): string => {
  const digest = createHash('sha1').update(name).digest('hex');
  return [8, 12, 16, 20, 32].map((end, at, ends) => digest.slice(at === 0 ? 0 : ends[at - 1], end)).join('-');
};
