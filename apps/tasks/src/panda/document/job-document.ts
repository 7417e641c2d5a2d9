import type { JobFile } from '#contracts/panda/events.js';
import { JOB_ATTRIBUTES, JOB_TIMES, type JobValues } from '#contracts/panda/job-attributes.js';
import { filesIn, type StoredJob, valuesOf } from '../job/job-rows.js';
import { wrappedTime } from './json-text.js';

/** Names with the text that comes before their value. */
const MEMBERS = JOB_ATTRIBUTES.map((name) => ({ name, prefix: `"${name}":`, isTime: JOB_TIMES.has(name) }));

/** Attributes of job files in the order of contract 3.5. */
const FILE_ATTRIBUTES = [
  ...(['row_ID', 'PandaID', 'GUID', 'lfn', 'type', 'dataset', 'status'] as const),
  ...(['prodDBlock', 'prodDBlockToken', 'dispatchDBlock', 'dispatchDBlockToken'] as const),
  ...([
    'destinationDBlock',
    'destinationDBlockToken',
    'destinationSE',
    'fsize',
    'md5sum',
    'checksum',
    'scope',
  ] as const),
  ...(['jediTaskID', 'datasetID', 'fileID', 'attemptNr'] as const),
] as const;

/** A job's document, all attributes and files (contract 6.5), as JSON text without the last brace: members may be added. */
export const jobDocument = (job: StoredJob, metadata: string | undefined): string => {
  const values: JobValues = { ...valuesOf(job), ...(metadata !== undefined && { metadata }) };
  let text = '{';
  for (const { name, prefix, isTime } of MEMBERS) {
    const value = values[name];
    text += `${prefix}${isTime && typeof value === 'string' ? wrappedTime(value) : JSON.stringify(value)},`;
  }
  return `${text}"Files":[${filesIn(job)
    .map((file) => fileDocument(file, values))
    .join(',')}]`;
};

const fileDocument = (file: JobFile, { PandaID, jediTaskID }: JobValues): string => {
  const known = { ...file, PandaID, jediTaskID, fsize: file.fsize ?? 0 };
  return `{${FILE_ATTRIBUTES.map((name) => `"${name}":${JSON.stringify(known[name] ?? null)}`).join(',')}}`;
};
