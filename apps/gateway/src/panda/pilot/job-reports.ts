import { isObject } from '#platform/json-object.js';
import type { JobReport } from '#contracts/panda/reports.js';
import { wholeIn } from '../protocol/values.js';
import { LEGACY_REPORT_FIELDS, REPORT_PARAMETERS } from './report-parameters.js';

type Values = Readonly<Record<string, unknown>>;

/** The fields of a report that say something, lists and objects as JSON text. */
const fieldsOf = (values: Values, nameOf: (name: string) => string | undefined): Values => {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    // Most parameters are not sent.
    if (value === null || value === undefined || value === '') continue;
    const field = nameOf(name);
    if (field === undefined) continue;
    fields[field] = typeof value === 'object' ? JSON.stringify(value) : value;
  }
  return fields;
};

const isField = (name: string): boolean => Object.hasOwn(REPORT_PARAMETERS, name);

export const reportFields = (values: Values): Values => fieldsOf(values, (name) => (isField(name) ? name : undefined));

export const legacyReportFields = (values: Values): Values =>
  fieldsOf(values, (name) => (Object.hasOwn(LEGACY_REPORT_FIELDS, name) ? LEGACY_REPORT_FIELDS[name] : undefined));

/** Names by which items of a list have what every report has. */
interface ItemNames {
  readonly id: string;
  readonly status: string;
  readonly attempt: string;
}

const NAMES: ItemNames = { id: 'job_id', status: 'job_status', attempt: 'attempt_nr' };
const LEGACY_NAMES: ItemNames = { id: 'jobId', status: 'state', attempt: 'attemptNr' };

/** What is wrong with a whole list, as the reference server tells it (contract 6.7). */
export interface BadList {
  readonly problem: string;
}

/** A report of an item, or undefined when the item names no job. */
export type Item = JobReport | undefined;

const itemOf = (item: Values, names: ItemNames, fields: (values: Values) => Values): Item => {
  const id = wholeIn(item[names.id]);
  if (id === undefined) return undefined;
  const status = item[names.status];
  return {
    job_id: id,
    job_status: typeof status === 'string' ? status : String(status),
    attempt_nr: wholeIn(item[names.attempt]) ?? null,
    fields: fields(item),
  };
};

const itemsOf = (
  list: readonly unknown[],
  names: ItemNames,
  fields: (values: Values) => Values,
): readonly Item[] | BadList => {
  const items: Item[] = [];
  for (const item of list) {
    if (!isObject(item)) return { problem: 'failed with TypeError the items of the list must be objects' };
    for (const name of [names.id, names.status]) {
      if (!Object.hasOwn(item, name)) return { problem: `failed with KeyError '${name}'` };
    }
    items.push(itemOf(item, names, fields));
  }
  return items;
};

/**
 * Items of `update_jobs_bulk`: unknown keys are ignored, numbers may be texts (contract 1.6). Harvester may name what its workers tell of a job,
 * such as error codes, as in the legacy API.
 */
export const reportsIn = (list: readonly unknown[]): readonly Item[] | BadList =>
  itemsOf(list, NAMES, (item) => ({ ...legacyReportFields(item), ...reportFields(item) }));

export const legacyReportsIn = (list: readonly unknown[]): readonly Item[] | BadList =>
  itemsOf(list, LEGACY_NAMES, legacyReportFields);
