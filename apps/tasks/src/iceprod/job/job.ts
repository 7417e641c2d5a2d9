import { formatTimestamp, parseTimestamp } from '#platform/clock.js';
import { JOB_STATUSES, type JobStatus } from '#contracts/iceprod/statuses.js';
import { kindOf, type Members, membersOf, mergeFields, objectText } from '#contracts/raw-json.js';
import type { GroupAmended, GroupEvents, GroupsMoved } from '#contracts/work-events.js';

/** A job of an IceProd dataset (contract 6): a group of units. */
export interface Job {
  readonly id: string;
  /** Its home stream: fixed at creation, even if the job is moved to another dataset. */
  readonly stream: string;
  /** Its number in that stream. */
  readonly ordinal: number;
  readonly datasetId: string;
  /** Undefined if a client set something other than an integer. `status` likewise. */
  readonly index: number | undefined;
  readonly status: JobStatus | undefined;
  readonly changedMicros: number;
  /** Raw JSON of further fields, and of values that clients set instead of the fields above. */
  readonly extra: string | undefined;
}

/** What changes a job after its creation. */
export type JobEvent = {
  readonly [Type in 'GroupsMoved' | 'GroupAmended']: {
    readonly type: Type;
    readonly data: Pick<GroupEvents[Type], Exclude<keyof GroupEvents[Type], 'groups' | 'units'>>;
    readonly timeMicros: number;
  };
}['GroupsMoved' | 'GroupAmended'];

/** The integer of all unknown statuses in the read model. */
export const OTHER_STATUS = JOB_STATUSES.length;

/** Statuses as integers, in vocabulary order. */
export const statusCode = (status: string | undefined): number => {
  const code = JOB_STATUSES.findIndex((word) => word === status);
  return code === -1 ? OTHER_STATUS : code;
};

export const isJobStatus = (word: string): word is JobStatus => JOB_STATUSES.some((status) => status === word);

/** The fields of a job's document in order. Values that clients set instead take their positions. */
export const fieldsOf = (job: Job): Map<string, string> => {
  const extra: Members = job.extra === undefined ? new Map() : membersOf(job.extra);
  const fields = new Map([
    ['job_id', JSON.stringify(job.id)],
    ['dataset_id', JSON.stringify(job.datasetId)],
  ]);
  const put = (name: string, raw: string | undefined): void => {
    const shown = extra.get(name) ?? raw;
    if (shown !== undefined) fields.set(name, shown);
  };
  put('job_index', job.index?.toString());
  put('status', job.status === undefined ? undefined : JSON.stringify(job.status));
  put('status_changed', JSON.stringify(formatTimestamp(job.changedMicros)));
  for (const [name, raw] of extra) fields.set(name, raw);
  return fields;
};

/** The whole document as raw JSON. */
export const jobDocument = (job: Job): string =>
  job.extra === undefined
    ? `{"job_id":${JSON.stringify(job.id)},"dataset_id":${JSON.stringify(job.datasetId)},"job_index":${String(job.index)},` +
      `"status":"${String(job.status)}","status_changed":"${formatTimestamp(job.changedMicros)}"}`
    : objectText(fieldsOf(job));

const text = (raw: string | undefined): string | undefined =>
  raw !== undefined && kindOf(raw) === 'string' ? (JSON.parse(raw) as string) : undefined;

const integer = (raw: string | undefined): number | undefined =>
  raw !== undefined && /^(0|-?[1-9]\d{0,14})$/.test(raw) ? Number(raw) : undefined;

/** Moves values that the columns of a job can hold into them. The rest becomes `extra`. */
const fromFields = (fields: Map<string, string>, before: Job): Job => {
  const take = <Value>(name: string, read: (raw: string | undefined) => Value | undefined): Value | undefined => {
    const value = read(fields.get(name));
    if (value !== undefined) fields.delete(name);
    return value;
  };
  const status = (raw: string | undefined): JobStatus | undefined => {
    const word = text(raw);
    return word !== undefined && isJobStatus(word) ? word : undefined;
  };
  const job = {
    ...before,
    id: take('job_id', text) ?? before.id,
    datasetId: take('dataset_id', text) ?? before.datasetId,
    index: take('job_index', integer),
    status: take('status', status),
    changedMicros: take('status_changed', (raw) => parseTimestamp(text(raw) ?? '')) ?? before.changedMicros,
  };
  return { ...job, extra: fields.size === 0 ? undefined : objectText(fields) };
};

const amended = (job: Job, { fields }: Pick<GroupAmended, 'fields'>, timeMicros: number): Job => {
  const before = fieldsOf(job);
  const merged = mergeFields(objectText(before), fields);
  if (typeof merged !== 'string') return job;
  const after = membersOf(merged);
  const moved = after.get('status') !== before.get('status') && !membersOf(fields).has('status_changed');
  if (moved) after.set('status_changed', JSON.stringify(formatTimestamp(timeMicros)));
  return fromFields(after, job);
};

const moved = (job: Job, { status }: Pick<GroupsMoved, 'status'>, timeMicros: number): Job => {
  if (job.extra === undefined && isJobStatus(status)) return { ...job, status, changedMicros: timeMicros };
  const fields = fieldsOf(job);
  fields.set('status', JSON.stringify(status));
  fields.set('status_changed', JSON.stringify(formatTimestamp(timeMicros)));
  return fromFields(fields, job);
};

/** The only function that applies an event to a job. */
export const evolve = (job: Job, event: JobEvent): Job => {
  switch (event.type) {
    case 'GroupsMoved':
      return moved(job, event.data, event.timeMicros);
    case 'GroupAmended':
      return amended(job, event.data, event.timeMicros);
  }
};
