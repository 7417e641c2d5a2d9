import { isObject, type JsonMembers } from '#platform/json-object.js';

/** What PanDA says where a value is missing (contract 4.2.3). */
const MISSING = 'NULL';

/** An output file of a job. */
export interface JobOutput {
  readonly lfn: string;
  readonly isLog: boolean;
  readonly mayBeMissing: boolean;
  /** Pilots name files themselves but for the log. */
  readonly guid: string | undefined;
}

/** A job as `acquire_jobs` hands it out. */
export interface PandaJob {
  readonly id: number;
  readonly attemptNr: number;
  readonly title: string;
  readonly transformation: string;
  /** Words of its command line, as a shell reads them. */
  readonly parameters: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly JobOutput[];
  /** Raw JSON of the owner's secrets, where the task uses them. */
  readonly secrets: string | undefined;
  readonly cores: number;
}

/** Jobs of an answer of `acquire_jobs`; those that no pilot could run are left out. */
export const jobsIn = (data: unknown): readonly PandaJob[] => {
  const jobs = isObject(data) ? data.jobs : undefined;
  return Array.isArray(jobs) ? jobs.flatMap((job: unknown) => (isObject(job) ? (jobOf(job) ?? []) : [])) : [];
};

const jobOf = (job: JsonMembers): PandaJob | undefined => {
  const id = Number(job.PandaID);
  if (!Number.isSafeInteger(id) || id < 1) return undefined;
  const parameters = textIn(job, 'jobPars') ?? '';
  const log = textIn(job, 'logFile');
  const mayBeMissing = new Set(listIn(job, 'allowNoOutput'));
  return {
    id,
    attemptNr: Number(job.attemptNr) || 0,
    title: textIn(job, 'jobName') ?? String(id),
    transformation: textIn(job, 'transformation') ?? '',
    parameters: isEncoded(job) ? Buffer.from(parameters, 'base64').toString() : parameters,
    inputs: listIn(job, 'inFiles'),
    outputs: listIn(job, 'outFiles').map((lfn) => ({
      ...{ lfn, isLog: lfn === log, mayBeMissing: mayBeMissing.has(lfn) },
      guid: lfn === log ? textIn(job, 'logGUID') : undefined,
    })),
    secrets: textIn(job, 'secrets'),
    cores: Number(job.coreCount) || 1,
  };
};

const isEncoded = (job: JsonMembers): boolean => job.encJobParams === true || job.encJobParams === 'True';

const textIn = (job: JsonMembers, name: string): string | undefined => {
  const value = job[name];
  return typeof value === 'string' && value !== '' && value !== MISSING ? value : undefined;
};

const listIn = (job: JsonMembers, name: string): readonly string[] =>
  (textIn(job, name) ?? '').split(',').filter((entry) => entry !== '' && entry !== MISSING);
