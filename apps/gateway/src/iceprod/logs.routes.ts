import { LOG_BLOBS, type LogBody } from '#contracts/iceprod/logs.js';
import { kindOf, membersOf, objectText } from '#contracts/raw-json.js';
import type { Field } from '../route/field.js';
import {
  constant,
  defaulted,
  intParameter,
  keysParameter,
  lenient,
  orElse,
  parsedParameter,
  path,
  required,
  textParameter,
} from '../route/fields.js';
import { type JsonType, str } from '../route/json-types.js';
import { invalid, type RequestSource } from '../route/request-source.js';
import {
  BULK_DEADLINE_MS,
  DATASET_FULL,
  documentOf,
  documentsById,
  iceprodRoute,
  EMPTY_OBJECT,
  RESULT,
} from './iceprod-route.js';
import { PILOTS_AND_HOLDERS, READERS, SERVICES, WRITERS } from './policies.js';

const tag = 'logs';

/** Logs deleted by one command. */
const DELETED_AT_ONCE = 200;

const upload = { member: 'data', prefix: LOG_BLOBS };

const rawText: JsonType<string> = {
  name: 'str',
  schema: str.schema,
  accept: (value, raw) => (typeof value === 'string' ? raw() : undefined),
};

const sentData = required(rawText, { missing: 'data field not in body' });

/** The body of the log: in the request, or already in the blob store. */
const data: Field<LogBody, 'always'> = {
  from: 'body',
  required: true,
  schema: sentData.schema,
  read: (source, name) => {
    if (source.upload !== undefined) return { blob: source.upload };
    return { raw: sentData.read(source, name) ?? '""' };
  },
};

const DEFAULT_NAME = 'log';

/** Everything that the sender put in but the body, to the letter; id and timestamp are given here (IceProd contract 9). */
const fieldsOf = (source: RequestSource): Map<string, string> => {
  const members = membersOf(source.document);
  for (const name of ['data', 'log_id', 'timestamp']) members.delete(name);
  if (kindOf(members.get('name') ?? 'null') === 'null') members.set('name', JSON.stringify(DEFAULT_NAME));
  return members;
};

const LOG_BODY = {
  type: 'object',
  required: ['data'],
  properties: { data: str.schema, name: str.schema, dataset_id: str.schema, task_id: str.schema },
  additionalProperties: true,
};

const fields: Field<string, 'always'> = {
  from: 'whole body',
  freeForm: true,
  required: true,
  schema: LOG_BODY,
  read: (source) => objectText(fieldsOf(source)),
};

const fieldsWithDataset: Field<string, 'always'> = {
  ...fields,
  read: (source) => objectText(fieldsOf(source).set('dataset_id', JSON.stringify(source.path('dataset_id')))),
};

const log = { data, name: defaulted(str, DEFAULT_NAME), task_id: lenient(str) };

const order = parsedParameter(
  'order',
  { type: 'string', enum: ['asc', 'desc'], default: 'desc' },
  'by time',
  (given) => {
    if (given === 'asc' || given === 'desc') return given;
    throw invalid('order must be asc or desc');
  },
);

const group = parsedParameter(
  'group',
  { type: 'boolean', default: false },
  'only the first log of each name',
  (given) => given.toLowerCase() === 'true',
);

const LOGS = {
  type: 'object',
  required: ['logs'],
  properties: { logs: { type: 'array', items: documentOf('Log') } },
};

const deleteOfTaskRoute = (name: string, at: string) =>
  iceprodRoute({
    name,
    tag,
    method: 'DELETE',
    path: at,
    policy: WRITERS,
    summary: 'Deletes all logs of a task',
    fields: { dataset_id: path(), task_id: path(), limit: constant(DELETED_AT_ONCE) },
    response: EMPTY_OBJECT,
    deadlineMs: BULK_DEADLINE_MS,
  });

/** IceProd contract 9. */
export const logRoutes = {
  query: iceprodRoute({
    name: 'queryLogs',
    tag,
    method: 'GET',
    path: '/logs',
    policy: SERVICES,
    summary: 'Logs by id, oldest first',
    fields: {
      name: textParameter('name', 'exact name'),
      dataset_id: textParameter('dataset_id', 'id of the dataset'),
      task_id: textParameter('task_id', 'id of the task'),
      from: textParameter('from', 'first timestamp'),
      to: textParameter('to', 'last timestamp'),
      limit: orElse(intParameter('limit', 'most logs, 0 for all', 'limit is not a non-negative int', 0), 0),
      keys: keysParameter,
    },
    response: documentsById('Log'),
  }),
  add: iceprodRoute({
    name: 'addLog',
    tag,
    method: 'POST',
    path: '/logs',
    policy: PILOTS_AND_HOLDERS,
    summary: 'Stores a log',
    fields: { ...log, dataset_id: lenient(str), fields },
    upload,
    status: 201,
    response: RESULT,
    errors: DATASET_FULL,
  }),
  get: iceprodRoute({
    name: 'getLog',
    tag,
    method: 'GET',
    path: '/logs/:log_id',
    policy: SERVICES,
    summary: 'One log',
    fields: { log_id: path() },
    response: documentOf('Log'),
    errors: { 404: 'Log not found' },
  }),
  delete: iceprodRoute({
    name: 'deleteLog',
    tag,
    method: 'DELETE',
    path: '/logs/:log_id',
    policy: SERVICES,
    summary: 'Deletes a log, whether or not there is one',
    fields: { log_id: path() },
    response: EMPTY_OBJECT,
  }),
  addToDataset: iceprodRoute({
    name: 'addLogToDataset',
    tag,
    method: 'POST',
    path: '/datasets/:dataset_id/logs',
    policy: WRITERS,
    summary: 'Stores a log of the dataset',
    fields: { dataset_id: path(), ...log, fields: fieldsWithDataset },
    upload,
    status: 201,
    response: RESULT,
    errors: DATASET_FULL,
  }),
  deleteOfDataset: iceprodRoute({
    name: 'deleteLogsOfDataset',
    tag,
    method: 'DELETE',
    path: '/datasets/:dataset_id/logs',
    policy: WRITERS,
    summary: 'Deletes all logs of a dataset and reports the progress line by line',
    fields: { dataset_id: path(), limit: constant(DELETED_AT_ONCE) },
    contentType: 'application/x-ndjson',
    response: {
      type: 'object',
      required: ['status', 'percent_complete'],
      properties: {
        status: { type: 'string', enum: ['deleting', 'complete'] },
        percent_complete: { type: 'number' },
        total: { type: 'integer' },
      },
    },
    deadlineMs: BULK_DEADLINE_MS,
  }),
  getOfDataset: iceprodRoute({
    name: 'getLogOfDataset',
    tag,
    method: 'GET',
    path: '/datasets/:dataset_id/logs/:log_id',
    policy: READERS,
    summary: 'One log of a dataset',
    fields: { dataset_id: path(), log_id: path() },
    response: documentOf('Log'),
    errors: { 404: 'Log not found' },
  }),
  listOfTask: iceprodRoute({
    name: 'listLogsOfTask',
    tag,
    method: 'GET',
    path: '/datasets/:dataset_id/tasks/:task_id/logs',
    policy: READERS,
    summary: 'Logs of a task by time',
    fields: {
      dataset_id: path(),
      task_id: path(),
      num: orElse(intParameter('num', 'most logs, 0 for all', 'num is not a non-negative int', 0), 0),
      group: orElse(group, false),
      order: orElse(order, 'desc'),
      keys: keysParameter,
    },
    response: LOGS,
    errors: { 404: 'Log not found' },
  }),
  deleteOfTask: deleteOfTaskRoute('deleteLogsOfTask', '/datasets/:dataset_id/tasks/:task_id/logs'),
  /** The web page calls this one. */
  deleteOfTaskAlias: deleteOfTaskRoute('deleteLogsOfTaskAlias', '/datasets/:dataset_id/task/:task_id/logs'),
};
