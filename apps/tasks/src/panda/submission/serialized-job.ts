import { isObject } from '#platform/json-object.js';
import type { JobFile } from '#contracts/panda/events.js';
import {
  JOB_ATTRIBUTES,
  JOB_TEXT_LIMITS,
  JOB_TIMES,
  type JobAttribute,
  type JobAttributes,
  NUMERIC_JOB_ATTRIBUTES,
} from '#contracts/panda/job-attributes.js';

/** A job as clients serialize it (PanDA contract 6.5). */
export interface SerializedJob {
  /** Those that have a value. */
  readonly attributes: JobAttributes;
  readonly files: readonly SerializedFile[];
}

export type SerializedFile = Omit<JobFile, 'row_ID' | 'datasetID' | 'fileID'>;

/**
 * The attributes of a file in their order (contract 3.5), from the third on: those before it are given by the server. Nor is read what only servers
 * send: it names files of tasks.
 */
const FILE_ATTRIBUTES = [
  ...(['GUID', 'lfn', 'type', 'dataset', 'status', 'prodDBlock', 'prodDBlockToken'] as const),
  ...(['dispatchDBlock', 'dispatchDBlockToken', 'destinationDBlock', 'destinationDBlockToken'] as const),
  ...(['destinationSE', 'fsize', 'md5sum', 'checksum', 'scope'] as const),
] as const;
const FIRST_FILE_ATTRIBUTE = 2;

const FILE_TYPES = ['input', 'pseudo_input', 'output', 'log'] as const;

/** A list that is no job; the message says why. */
export class NoJob extends Error {}

/** Reads the positional form of a job. Throws {@link NoJob}. */
export const readJob = (values: unknown): SerializedJob => {
  if (!Array.isArray(values)) throw new NoJob('a job is not a list');
  if (values.length <= JOB_ATTRIBUTES.length) {
    throw new NoJob(`a job has ${values.length} values instead of ${JOB_ATTRIBUTES.length + 1}`);
  }
  const list: readonly unknown[] = values;
  const attributes = JOB_ATTRIBUTES.flatMap((name, at) => {
    const value = attributeIn(name, list[at]);
    return value === undefined ? [] : [[name, value] as const];
  });
  const files = list[JOB_ATTRIBUTES.length];
  if (!Array.isArray(files)) throw new NoJob('the files of a job are not a list');
  return { attributes: Object.fromEntries(attributes), files: files.map(readFile) };
};

/** The text `NULL` and null stand for no value (trap 33). */
const isAbsent = (value: unknown): value is null | undefined | 'NULL' =>
  value === null || value === undefined || value === 'NULL';

const attributeIn = (name: JobAttribute, value: unknown): string | number | undefined => {
  if (isAbsent(value)) return undefined;
  if (JOB_TIMES.has(name)) return timeIn(name, value);
  if (NUMERIC_JOB_ATTRIBUTES.has(name)) return numberIn(name, value);
  return textIn(name, value).slice(0, JOB_TEXT_LIMITS[name]);
};

const numberIn = (name: string, value: unknown): number | undefined => {
  if (value === '') return undefined;
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) throw new NoJob(`${name} is not a number`);
  return number;
};

const textIn = (name: string, value: unknown): string => {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new NoJob(`${name} is not a text`);
};

/** `{"_datetime_object": "2025-06-01 12:00:00.000000"}` (trap 31). */
const timeIn = (name: string, value: unknown): string => {
  const text = isObject(value) ? value['_datetime_object'] : value;
  if (typeof text !== 'string') throw new NoJob(`${name} is not a time`);
  return text.slice(0, 'YYYY-MM-DD HH:MM:SS'.length).replace(' ', 'T');
};

const readFile = (values: unknown): SerializedFile => {
  if (!Array.isArray(values)) throw new NoJob('a file is not a list');
  const list: readonly unknown[] = values;
  const known = Object.fromEntries(
    FILE_ATTRIBUTES.flatMap((name, at) => {
      const value = list[FIRST_FILE_ATTRIBUTE + at];
      if (isAbsent(value)) return [];
      return [[name, name === 'fsize' ? (numberIn(name, value) ?? 0) : textIn(name, value)] as const];
    }),
  );
  const { type: typeText, lfn, status, ...rest } = known;
  const type = FILE_TYPES.find((each) => each === typeText);
  if (typeof lfn !== 'string' || lfn === '') throw new NoJob('a file has no lfn');
  if (type === undefined) throw new NoJob(`the type of the file ${lfn} is not one of ${FILE_TYPES.join(', ')}`);
  const initial = type === 'output' || type === 'log' ? 'unknown' : 'ready';
  return { ...rest, lfn, type, status: typeof status === 'string' ? status : initial };
};
