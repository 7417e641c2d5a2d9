import type { FilterName, HistoryFilter } from '#contracts/cairn/audit.js';
import { OBJECT_KINDS, readObjectName } from '#contracts/cairn/objects.js';
import { EVENT_VERSIONS } from '#contracts/event-types.js';
import { type HistoryCursor, readHistoryCursor, readSeenPlace } from '#event-sourcing/history-cursor.js';
import type { Field } from '../route/field.js';
import { parsedParameter } from '../route/fields.js';
import { invalid } from '../route/request-source.js';
import { timeParameter } from './parameters.js';

/** Alternatives of one filter. */
export const NAMES_MAX = 50;

/** What can be named of these is known: a misspelt name would answer that nothing has happened. */
const KNOWN: { readonly [Name in FilterName]?: ReadonlySet<string> } = {
  dialect: new Set(Object.keys(EVENT_VERSIONS)),
  type: new Set(Object.values(EVENT_VERSIONS).flatMap((types) => Object.keys(types))),
};

const checkObjects = (names: readonly string[]): void => {
  const wrong = names.find((name) => readObjectName(name) === undefined);
  if (wrong === undefined) return;
  const expected = `<kind>/<id> with one of the kinds ${OBJECT_KINDS.join(', ')}`;
  throw invalid(`object must be ${expected}; ${JSON.stringify(wrong)} is none`);
};

/** @throws DomainError when one of the names cannot be that of anything */
export const checkNames = (filter: FilterName, names: readonly string[]): void => {
  if (filter === 'object') checkObjects(names);
  const known = KNOWN[filter];
  const wrong = known && names.find((name) => !known.has(name));
  if (wrong === undefined) return;
  const expected =
    filter === 'type'
      ? 'types of events, as /cairn/events/schemas lists them'
      : `some of ${[...(known ?? [])].join(', ')}`;
  throw invalid(`${filter} must be ${expected}; ${JSON.stringify(wrong)} is none`);
};

/** Given once with commas, or several times. An empty one is an error, because without a filter everything is answered. */
const namesParameter = (name: FilterName, description: string): Field<readonly string[], 'maybe'> => ({
  ...{ from: 'query', name, required: false, schema: { type: 'string' } },
  description: `${description}; several are separated by commas`,
  read: (source) => {
    const given = source.givenQueries(name);
    if (given.length === 0) return undefined;
    const names = given.flatMap((text) => text.split(',')).map((text) => text.trim());
    if (names.includes('')) throw invalid(`${name} must be one or more names, separated by commas`);
    if (names.length > NAMES_MAX) throw invalid(`${name} must be at most ${NAMES_MAX} names`);
    checkNames(name, names);
    return names;
  },
});

/** What events may be about, as parameters of a `HistoryFilter`. */
export const historyNameFields = {
  workload: namesParameter('workload', 'refs of workloads, or their ids in their dialects where they are unique'),
  unit: namesParameter('unit', 'ids of units in their dialects, such as a task_id, a PandaID or jobs__97/103'),
  group: namesParameter('group', 'ids of groups of units, such as a job_id of IceProd'),
  worker: namesParameter('worker', 'ids of workers; a worker of a PanDA harvester is <harvester>/<number>'),
  site: namesParameter('site', 'names of sites or queues'),
  person: namesParameter('person', 'names of people whom the event is about'),
  object: namesParameter('object', 'what else has an id: its kind and its id, such as vo/atlas or user_group/users'),
  actor: namesParameter('actor', 'names of accounts that made the change'),
  dialect: namesParameter(
    'dialect',
    'dialects of what was changed: iceprod, panda, torc, or cairn for what they share',
  ),
  type: namesParameter('type', 'types of events, such as UnitFailed'),
  request: namesParameter('request', 'ids of requests (correlation)'),
  cause: namesParameter('cause', 'ids of what led to the event: a command or another event'),
} satisfies Record<FilterName, unknown>;

/** Parameters of a `HistoryFilter`. */
export const historyFilterFields = {
  ...historyNameFields,
  from: timeParameter('from', 'recorded then or later'),
  until: timeParameter('until', 'recorded before'),
} satisfies Record<keyof HistoryFilter, unknown>;

const PLACE = 'a place in the history like 4711 or 4711.3';

/** @throws (the function) DomainError when the text is no place */
const checkedBy =
  (read: (text: string) => HistoryCursor | undefined) =>
  (name: string, given: string): string => {
    if (read(given) === undefined) throw invalid(`${name} must be ${PLACE}`);
    return given;
  };

/** The text of a place in the history, as it was given. */
const checkedPlace = checkedBy(readHistoryCursor);

/** As {@link checkedPlace}, also with the id of the event there. */
export const checkedSeenPlace = checkedBy(readSeenPlace);

/** The place where a client has been, as its text. */
export const seenPlaceParameter = (name: string, description: string): Field<string, 'maybe'> =>
  parsedParameter(name, { type: 'string' }, `${description}; ${PLACE}, or an id of \`GET /cairn/events\``, (given) =>
    checkedSeenPlace(name, given),
  );

/** A place in the history, as its text. */
export const placeParameter = (name: string, description: string): Field<string, 'maybe'> =>
  parsedParameter(name, { type: 'string' }, `${description}; ${PLACE}`, (given) => checkedPlace(name, given));
