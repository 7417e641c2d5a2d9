import { lenient, path, required } from '../route/fields.js';
import { int, type JsonType, str } from '../route/json-types.js';
import { DATASET_FULL, documentOf, iceprodRoute, EMPTY_OBJECT, RESULT } from './iceprod-route.js';
import { READERS, READERS_AND_HOLDERS, WRITERS } from './policies.js';

const tag = 'files';

const textOrFlag: JsonType<string | boolean> = {
  name: 'str',
  schema: { type: ['string', 'boolean'] },
  accept: (value) => (typeof value === 'string' || typeof value === 'boolean' ? value : undefined),
};

const file = {
  filename: required(str),
  movement: required(str),
  local: lenient(str),
  transfer: lenient(textOrFlag),
  compression: lenient(textOrFlag),
};

const FILES = {
  type: 'object',
  required: ['files'],
  properties: { files: { type: 'array', items: documentOf('File') } },
};

/** IceProd contract 10. */
export const fileRoutes = {
  list: iceprodRoute({
    name: 'listFiles',
    tag,
    method: 'GET',
    path: '/datasets/:dataset_id/files',
    policy: READERS,
    summary: 'Files of all tasks of a dataset',
    fields: { dataset_id: path() },
    response: FILES,
  }),
  add: iceprodRoute({
    name: 'addFile',
    tag,
    method: 'POST',
    path: '/datasets/:dataset_id/files',
    policy: WRITERS,
    summary: 'Adds a file to the task with the given job index and name',
    fields: { dataset_id: path(), ...file, job_index: required(int), task_name: required(str) },
    status: 201,
    response: RESULT,
    errors: DATASET_FULL,
  }),
  listOfTask: iceprodRoute({
    name: 'listFilesOfTask',
    tag,
    method: 'GET',
    path: '/datasets/:dataset_id/files/:task_id',
    policy: READERS_AND_HOLDERS,
    summary: 'Files of a task',
    fields: { dataset_id: path(), task_id: path() },
    response: FILES,
  }),
  addToTask: iceprodRoute({
    name: 'addFileToTask',
    tag,
    method: 'POST',
    path: '/datasets/:dataset_id/files/:task_id',
    policy: WRITERS,
    summary: 'Adds a file to a task, which need not exist',
    fields: { dataset_id: path(), task_id: path(), ...file },
    status: 201,
    response: EMPTY_OBJECT,
    errors: DATASET_FULL,
  }),
  deleteOfTask: iceprodRoute({
    name: 'deleteFilesOfTask',
    tag,
    method: 'DELETE',
    path: '/datasets/:dataset_id/files/:task_id',
    policy: WRITERS,
    summary: 'Deletes all files of a task from its list',
    fields: { dataset_id: path(), task_id: path() },
    response: EMPTY_OBJECT,
  }),
};
