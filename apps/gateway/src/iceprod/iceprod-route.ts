import type { Fields, Schema } from '../route/field.js';
import { defineRoute, type Route, type RouteSpec } from '../route/route.js';
import type { Document } from './documents.js';
import { RECORDED_EVENTS } from './recorded-events.js';

/** Bulk changes of 100,000 members take longer than a question. */
export const BULK_DEADLINE_MS = 60_000;
/** Members that one bulk request may name (IceProd contract 6, 7.7). */
export const BULK_MAX = 100_000;

export const iceprodRoute = <F extends Fields>(spec: Omit<RouteSpec<F>, 'dialect'>): Route<F> =>
  defineRoute({ dialect: 'iceprod', records: RECORDED_EVENTS[spec.name] ?? [], ...spec });

/** Answer of whatever has nothing to say (IceProd contract 1.2.1). */
export const EMPTY_OBJECT: Schema = { type: 'object', maxProperties: 0 };
/** `{"result": <id>}` */
export const RESULT: Schema = { type: 'object', required: ['result'], properties: { result: { type: 'string' } } };

/** Error of what a dataset has no room for (`DATASET_MIB_MAX`). */
export const DATASET_FULL = { 413: 'quota of the dataset exceeded: …' } as const;

export const documentOf = (name: Document): Schema => ({ $ref: `#/components/schemas/${name}` });
/** `{"results": [...]}` */
export const resultsOf = (items: Schema): Schema => ({
  type: 'object',
  required: ['results'],
  properties: { results: { type: 'array', items } },
});
export const NAME: Schema = { type: 'string' };
/** `{id: document}` */
export const documentsById = (name: Document): Schema => ({
  type: 'object',
  additionalProperties: documentOf(name),
});
/** `{status: [id]}` */
export const IDS_BY_STATUS: Schema = {
  type: 'object',
  examples: [{ waiting: ['4f2a9c1e0b7d4e6f8a3c5d7e9f1b2a3c'] }],
  additionalProperties: { type: 'array', items: { type: 'string' } },
};
/** `{status: count}` */
export const COUNTS: Schema = {
  type: 'object',
  examples: [{ waiting: 12, complete: 30 }],
  additionalProperties: { type: 'integer' },
};
