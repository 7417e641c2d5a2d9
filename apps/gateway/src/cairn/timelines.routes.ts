import { OBJECT_KINDS } from '#contracts/cairn/objects.js';
import { TIMELINE_LIMIT_MAX, type TimelineKind } from '#contracts/cairn/timelines.js';
import { constant, intParameter, path } from '../route/fields.js';
import type { Policy } from '../route/route.js';
import { cairnRoute } from './cairn-route.js';
import { placeParameter } from './history-fields.js';

const tag = 'history';

const UNIT_READERS: Policy = {
  roles: ['admin', 'system', 'pilot', 'user'],
  note: "users need the read rule of the unit's workload",
};
const READERS: Policy = { roles: ['admin', 'system', 'user'], note: 'users need the read rule of the workload' };
/** Each event has its own readers. */
const SOME_READERS: Policy = { roles: ['admin', 'system', 'user'] };

const text = { type: 'string' };
const anything = { type: 'object', additionalProperties: true };
const time = { type: 'string', description: 'ISO 8601 with microseconds and the zone `Z` (UTC)' };
const sequence = { type: 'string', description: 'place in the history' };
const sentence = { type: 'string', description: 'who did what' };

const entry = {
  type: 'object',
  required: ['position', 'sequence', 'id', 'time', 'actor', 'event', 'sentence', 'cause', 'request', 'why', 'changes'],
  properties: {
    position: { type: 'integer', description: 'place in the whole history' },
    sequence: { ...sequence, description: 'place in the history in order of effect: a `cursor`' },
    id: text,
    time,
    actor: text,
    issuer: { type: 'string', description: 'external issuer that vouched for the actor' },
    event: { type: 'string', description: 'what happened' },
    sentence,
    cause: { type: 'string', description: 'id of the command, or of the event that led to it' },
    request: { type: 'string', description: 'id of the request (correlation) that led to it' },
    why: {
      type: 'array',
      description: 'events that led to it, the first one first; who did what is left out where the caller may not know',
      items: { type: 'object', properties: { sequence, id: text, time, event: text, actor: text, sentence } },
    },
    changes: {
      type: 'object',
      description:
        'by name: the value before, if there was one, and after, if there is one. Long values are shown by their digest',
      additionalProperties: { type: 'object', properties: { before: {}, after: {} } },
    },
    data: { ...anything, description: 'what was recorded' },
  },
};

const limit = intParameter(
  'limit',
  'entries of a page, at most; without it all are answered',
  `limit must be an integer from 1 to ${TIMELINE_LIMIT_MAX}`,
  1,
  TIMELINE_LIMIT_MAX,
);
const cursor = placeParameter(
  'cursor',
  '`next` of the page before, or the `sequence` of an entry: only what is behind it',
);

/** Names of ids in paths and in answers. */
export const NAMES: Readonly<Record<TimelineKind, string>> = {
  ...{ unit: 'unit_id', group: 'group_id', workload: 'workload', worker: 'worker' },
  ...{ site: 'site', person: 'person', object: 'object', access: 'workload', request: 'request' },
};

interface About {
  readonly name: string;
  /** The collection in the path. */
  readonly of: string;
  readonly id: string;
  readonly summary: string;
  readonly policy: Policy;
}

const timeline = <const Kind extends TimelineKind>(kind: Kind, { name, of, id, summary, policy }: About) => {
  const named = NAMES[kind];
  return cairnRoute({
    ...{ name, tag, policy, method: 'GET', path: `/cairn/history/${of}/:${named}` },
    summary: `${summary}, oldest first`,
    isStrict: true,
    fields: { kind: constant(kind), id: { ...path(id), name: named }, limit, cursor },
    response: {
      type: 'object',
      required: [named, 'events'],
      properties: {
        [named]: text,
        events: { type: 'array', items: entry },
        next: {
          type: 'string',
          description: 'cursor of the next page, which may be empty; absent on the last one, and without a limit',
        },
      },
    },
    errors: { 404: 'no such id, or nothing about it that the caller may read', 409: 'several workloads have this id' },
  });
};

export const timelineRoutes = {
  unit: timeline('unit', {
    ...{ name: 'getUnitHistory', of: 'units', policy: UNIT_READERS },
    id: 'id of the unit in its dialect, such as a task_id',
    summary: 'All events of a unit',
  }),
  group: timeline('group', {
    ...{ name: 'getGroupHistory', of: 'groups', policy: READERS },
    id: 'id of the group of units in its dialect, such as a job_id of IceProd',
    summary: 'All events of a group',
  }),
  workload: timeline('workload', {
    ...{ name: 'getWorkloadHistory', of: 'workloads', policy: READERS },
    id: 'ref of the workload, or its id in its dialect where it is unique',
    summary: 'All events of a workload itself, without those of its units and groups',
  }),
  worker: timeline('worker', {
    ...{ name: 'getWorkerHistory', of: 'workers', policy: SOME_READERS },
    id: 'id of the worker; a worker of a PanDA harvester is <harvester>/<number>',
    summary: 'Events of a worker, and of what it ran, that the caller may read',
  }),
  site: timeline('site', {
    ...{ name: 'getSiteHistory', of: 'sites', policy: SOME_READERS },
    id: 'id of a grid, or name of a queue or a site',
    summary: 'Events of a site itself that the caller may read',
  }),
  person: timeline('person', {
    ...{ name: 'getPersonHistory', of: 'people', policy: SOME_READERS },
    id: 'name of the user',
    summary: 'Events about a person that the caller may read',
  }),
  object: timeline('object', {
    ...{ name: 'getObjectHistory', of: 'objects', policy: SOME_READERS },
    id: `what it is and its id, such as vo/atlas, with the slashes as %2F; kinds: ${OBJECT_KINDS.join(', ')}`,
    summary: 'Events about something else that has an id, that the caller may read',
  }),
  access: timeline('access', {
    ...{ name: 'getAccessHistory', of: 'access', policy: READERS },
    id: 'ref of the workload, or its id in its dialect where it is unique',
    summary: 'Who had access to a workload',
  }),
  request: timeline('request', {
    ...{ name: 'getRequestHistory', of: 'requests', policy: SOME_READERS },
    id: '`request` of an entry: what the client sent as X-Correlation-ID or X-Request-ID, or the id of an asynchronous request',
    summary: 'Everything that followed from a request, as far as the caller may read it',
  }),
};
