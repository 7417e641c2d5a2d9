import { isObject } from '#platform/json-object.js';
import { WORKER_STATUSES } from '#contracts/panda/statuses.js';
import type { WorkerField, WorkerFields } from '#contracts/panda/worker-events.js';
import { harvesterTime } from './harvester-time.js';

type Kind = 'text' | 'integer' | 'time' | 'status';

const KINDS: { readonly [Name in WorkerField]-?: Kind } = {
  batchID: 'text',
  queueName: 'text',
  status: 'status',
  computingSite: 'text',
  nCore: 'integer',
  nodeID: 'text',
  submitTime: 'time',
  startTime: 'time',
  endTime: 'time',
  stdOut: 'text',
  stdErr: 'text',
  batchLog: 'text',
  jdl: 'text',
  resourceType: 'text',
  nativeExitCode: 'integer',
  nativeStatus: 'text',
  diagMessage: 'text',
  nJobs: 'integer',
  computingElement: 'text',
  submissionHost: 'text',
  harvesterHost: 'text',
  errorCode: 'integer',
  jobType: 'text',
  minRamCount: 'integer',
  syncLevel: 'integer',
};
const FIELDS = Object.keys(KINDS) as WorkerField[];

/** The rest of longer texts is cut off. */
const TEXT_CHARACTERS_MAX = 500;

/** Jobs that one worker may have: more would not fit into the event that records it. */
const JOBS_MAX = 10_000;

/** A worker as harvester tells of it. */
export interface ToldWorker {
  readonly id: number;
  readonly fields: WorkerFields;
  /** Absent when nothing is said about its jobs. */
  readonly jobs: readonly number[] | undefined;
}

/** An integer that came as a number or, as from pilots, as a text (contract 13, trap 24). */
export const integerIn = (value: unknown): number | undefined => {
  const number = typeof value === 'string' && /^-?\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined;
};

const READ: { readonly [Name in Kind]: (value: unknown) => string | number | undefined } = {
  text: (value) =>
    typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, TEXT_CHARACTERS_MAX) : undefined,
  integer: integerIn,
  time: (value) => (typeof value === 'string' ? harvesterTime(value) : undefined),
  status: (value) => WORKER_STATUSES.find((status) => status === value),
};

/** The id of a worker: an integer that is not negative, as a number or a text; undefined for what is none. */
const workerIdIn = (value: unknown): number | undefined => {
  const id = integerIn(value);
  return id !== undefined && id >= 0 ? id : undefined;
};

/** Reads a worker. Keys that nobody knows are ignored; undefined when it cannot be stored (contract 6.4). */
export const toldWorker = (value: unknown): ToldWorker | undefined => {
  if (!isObject(value)) return undefined;
  const id = workerIdIn(value['workerID']);
  const jobs = jobsIn(value['pandaid_list']);
  const fields: Record<string, string | number | null> = {};
  for (const name of FIELDS) {
    const given = Object.hasOwn(value, name) ? value[name] : undefined;
    if (given === undefined) continue;
    const read = given === null && name !== 'status' ? null : READ[KINDS[name]](given);
    if (read === undefined) return undefined;
    fields[name] = read;
  }
  return id === undefined || jobs === 'wrong' ? undefined : { id, fields, jobs };
};

/** An empty list, as an absent one, says nothing. */
const jobsIn = (value: unknown): readonly number[] | undefined | 'wrong' => {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || value.length > JOBS_MAX) return 'wrong';
  const ids = value.map(integerIn);
  if (ids.some((id) => id === undefined)) return 'wrong';
  return ids.length === 0 ? undefined : [...new Set(ids as number[])];
};
