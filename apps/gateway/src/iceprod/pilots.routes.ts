import { bodyWith } from '../route/body-with.js';
import type { Field } from '../route/field.js';
import { freeForm, keysParameter, optional, path, required, textParameter, wholeBody } from '../route/fields.js';
import { dict, int, str, strings, where } from '../route/json-types.js';
import { invalid } from '../route/request-source.js';
import { documentOf, documentsById, iceprodRoute, EMPTY_OBJECT, RESULT } from './iceprod-route.js';
import { CLAIMING_WORKERS, PILOTS_AND_OWN_WORKER, SERVICES } from './policies.js';

/** Documents of the pilot's own making. */
const RESOURCES = ['resources', 'resources_available', 'resources_claimed'];

const tag = 'pilots';

/** A pilot may promise a heartbeat at least this often; without a promise IceProd's two weeks hold (contract 12.3). */
const HEARTBEAT_SECONDS = { minimum: 30, maximum: 14 * 24 * 60 * 60 };

const heartbeatSeconds = where(
  int,
  (seconds) => seconds >= HEARTBEAT_SECONDS.minimum && seconds <= HEARTBEAT_SECONDS.maximum,
  { ...HEARTBEAT_SECONDS, description: 'the pilot counts as lost when no PATCH of it arrives for so many seconds' },
);

const tasksOfBody = required(strings, { missing: 'missing tasks' });

/** `{"tasks": [ids]}` or the bare array, as an update of the pilot (IceProd contract 12.2). */
const taskList: Field<string, 'always'> = {
  from: 'whole body',
  required: true,
  schema: {
    oneOf: [{ type: 'object', required: ['tasks'], properties: { tasks: strings.schema } }, strings.schema],
  },
  read: (source) => {
    const { value } = source;
    const bare = strings.accept(value, () => '');
    if (Array.isArray(value) && bare === undefined) throw invalid('key "tasks" should be of type list');
    return JSON.stringify({ tasks: bare ?? tasksOfBody.read(source, 'tasks') });
  },
};

const filter = (name: string): Field<string, 'maybe'> => textParameter(name, `only pilots with this ${name}`);

/** IceProd contract 12. */
export const pilotRoutes = {
  list: iceprodRoute({
    name: 'listPilots',
    tag,
    method: 'GET',
    path: '/pilots',
    policy: SERVICES,
    summary: 'Pilots, by id',
    fields: {
      grid_id: filter('grid_id'),
      queue_host: filter('queue_host'),
      queue_version: filter('queue_version'),
      host: filter('host'),
      version: filter('version'),
      site: filter('site'),
      keys: keysParameter,
    },
    response: documentsById('Pilot'),
  }),
  create: iceprodRoute({
    name: 'createPilot',
    tag,
    method: 'POST',
    path: '/pilots',
    policy: CLAIMING_WORKERS,
    summary: 'Creates a pilot; further members are kept',
    fields: {
      description: freeForm(
        bodyWith({
          queue_host: required(str),
          queue_version: required(str),
          resources: required(dict),
          resources_available: optional(dict),
          resources_claimed: optional(dict),
          tasks: optional(strings),
          host: optional(str),
          site: optional(str),
          version: optional(str),
          grid_queue_id: optional(str),
          heartbeat_seconds: optional(heartbeatSeconds),
        }),
        RESOURCES,
      ),
    },
    status: 201,
    response: RESULT,
  }),
  get: iceprodRoute({
    name: 'getPilot',
    tag,
    method: 'GET',
    path: '/pilots/:pilot_id',
    policy: PILOTS_AND_OWN_WORKER,
    summary: 'One pilot',
    fields: { pilot_id: path() },
    response: documentOf('Pilot'),
    errors: { 404: 'Pilot not found' },
  }),
  update: iceprodRoute({
    name: 'updatePilot',
    tag,
    method: 'PATCH',
    path: '/pilots/:pilot_id',
    policy: PILOTS_AND_OWN_WORKER,
    summary:
      'Merges any fields, dotted names set nested ones, and renews last_update; returns the pilot after the change',
    fields: { pilot_id: path(), fields: freeForm(wholeBody(), RESOURCES) },
    body: { empty: 'Missing update data' },
    response: documentOf('Pilot'),
    errors: { 404: 'Pilot not found' },
  }),
  setTasks: iceprodRoute({
    name: 'setPilotTasks',
    tag,
    method: 'PUT',
    path: '/pilots/:pilot_id/tasks',
    policy: PILOTS_AND_OWN_WORKER,
    summary: 'Replaces the list of tasks that the pilot holds',
    fields: { pilot_id: path(), fields: taskList },
    response: EMPTY_OBJECT,
    errors: { 404: 'Pilot not found' },
  }),
  delete: iceprodRoute({
    name: 'deletePilot',
    tag,
    method: 'DELETE',
    path: '/pilots/:pilot_id',
    policy: PILOTS_AND_OWN_WORKER,
    summary: 'Deletes the pilot; tasks that it held and that are still processing go back to waiting',
    fields: { pilot_id: path() },
    response: EMPTY_OBJECT,
    errors: { 404: 'Pilot not found' },
  }),
};
