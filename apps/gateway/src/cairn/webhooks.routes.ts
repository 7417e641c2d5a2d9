import { FILTER_NAMES, type FilterName } from '#contracts/cairn/audit.js';
import type { FilteredNames } from '#contracts/cairn/webhooks.js';
import { readHistoryCursor } from '#event-sourcing/history-cursor.js';
import { isObject } from '#platform/json-object.js';
import { lenient, orElse, path, required, textParameter } from '../route/fields.js';
import { type JsonType, str, where } from '../route/json-types.js';
import { cairnRoute } from './cairn-route.js';
import { checkNames, NAMES_MAX } from './history-fields.js';

const DESCRIPTION_LENGTH_MAX = 200;
/** Of all lists together, as JSON: an event has to hold it. */
const FILTER_LENGTH_MAX = 16 * 1024;

const text = { type: 'string' };
const integer = { type: 'integer' };
const time = { type: 'string', description: 'UTC' };
const names = { type: 'array', items: text, minItems: 1, maxItems: NAMES_MAX };

const webhook = {
  type: 'object',
  properties: {
    webhook_id: text,
    origin: { type: 'string', description: 'of the URL; the rest of it is not shown, because it may be secret' },
    description: text,
    filter: { type: 'object', additionalProperties: true },
    owner: { type: 'string', description: 'whose rights decide which events are sent' },
    status: {
      type: 'string',
      enum: ['active', 'paused', 'suspended'],
      description: 'suspended: the tokens of its owner were revoked; resume it with a new one',
    },
    reason: { type: 'string', description: '`gone`: it was paused because the target answered 410' },
    created: time,
    sequence: { type: 'string', description: 'place in the history: all before it is sent, given up or not wanted' },
    delivered: integer,
    dead_letters: integer,
    dead_letters_dropped: { type: 'integer', description: 'the oldest of more than 1000' },
    failing: {
      type: ['object', 'null'],
      description: 'null when the target took the last event',
      properties: { since: time, attempts: integer, error: text, next_attempt: time },
    },
  },
};

const isName = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.isWellFormed();

const isList = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.length > 0 && value.length <= NAMES_MAX && value.every(isName);

const isFilterName = (name: string): name is FilterName => (FILTER_NAMES as readonly string[]).includes(name);

/** Lists of names by what they name. */
const filter: JsonType<FilteredNames> = {
  name: 'dict',
  schema: { type: 'object', properties: Object.fromEntries(FILTER_NAMES.map((name) => [name, names])) },
  accept: (value) => {
    if (!isObject(value) || JSON.stringify(value).length > FILTER_LENGTH_MAX) return undefined;
    for (const [name, list] of Object.entries(value)) {
      if (!isFilterName(name) || !isList(list)) return undefined;
      checkNames(name, list);
    }
    return value;
  },
};

const place = where(str, (given) => readHistoryCursor(given) !== undefined);
const description = where(str, ({ length }) => length <= DESCRIPTION_LENGTH_MAX, { maxLength: DESCRIPTION_LENGTH_MAX });

const NO_FILTER: FilteredNames = {};

const webhook_id = path('id of the webhook');
const policy = { roles: ['admin', 'system', 'user'] };
const errors = { 404: 'no such webhook, or somebody else’s' };
const tag = 'webhooks';

export const webhookRoutes = {
  register: cairnRoute({
    name: 'registerWebhook',
    tag,
    method: 'POST',
    path: '/cairn/webhooks',
    policy,
    summary:
      'Have events sent to a URL: those that the filter wants and that you may read, in order, signed as Standard Webhooks. ' +
      'The answer shows the key once',
    records: ['WebhookRegistered'],
    fields: {
      url: required(str, { bad: 'url must be an http or https URL' }),
      filter: orElse(
        lenient(filter, {
          bad:
            `filter must be an object of lists of 1 to ${NAMES_MAX} names, by some of ${FILTER_NAMES.join(', ')}, ` +
            `of at most ${FILTER_LENGTH_MAX} characters`,
        }),
        NO_FILTER,
      ),
      description: orElse(
        lenient(description, { bad: `description must be a text of at most ${DESCRIPTION_LENGTH_MAX} characters` }),
        '',
      ),
      after: lenient(place, { bad: 'after must be a place in the history like 4711 or 4711.3' }),
    },
    // A misspelt filter would have everything sent.
    body: { unknownKeys: 'body must have url, and may have filter, description and after; it has something else' },
    status: 201,
    response: { ...webhook, properties: { ...webhook.properties, secret: text } },
    errors: { 404: 'the filter names a workload, unit or group without a history', 409: 'too many webhooks' },
  }),
  list: cairnRoute({
    name: 'listWebhooks',
    tag,
    method: 'GET',
    path: '/cairn/webhooks',
    policy,
    summary: 'Your webhooks, oldest first; of administrators: all',
    fields: { cursor: textParameter('cursor', '`next` of the page before') },
    response: {
      type: 'object',
      required: ['webhooks'],
      properties: { webhooks: { type: 'array', items: webhook }, next: text },
    },
  }),
  get: cairnRoute({
    name: 'getWebhook',
    tag,
    method: 'GET',
    path: '/cairn/webhooks/:webhook_id',
    policy,
    summary: 'A webhook, and how its deliveries go',
    fields: { webhook_id },
    response: webhook,
    errors,
  }),
  delete: cairnRoute({
    name: 'deleteWebhook',
    tag,
    method: 'DELETE',
    path: '/cairn/webhooks/:webhook_id',
    policy,
    summary: 'End a webhook; its dead letters go with it',
    records: ['WebhookDeleted'],
    fields: { webhook_id },
    response: { type: 'object' },
    errors,
  }),
  pause: cairnRoute({
    name: 'pauseWebhook',
    tag,
    method: 'POST',
    path: '/cairn/webhooks/:webhook_id/pause',
    policy,
    summary: 'Send nothing until it is resumed',
    records: ['WebhookPaused'],
    fields: { webhook_id },
    response: webhook,
    errors,
  }),
  resume: cairnRoute({
    name: 'resumeWebhook',
    tag,
    method: 'POST',
    path: '/cairn/webhooks/:webhook_id/resume',
    policy,
    summary: 'Go on where the sending had stopped, with your present rights: for its owner only',
    records: ['WebhookResumed'],
    fields: { webhook_id },
    response: webhook,
    errors: { ...errors, 403: 'somebody else’s, to an administrator' },
  }),
  ping: cairnRoute({
    name: 'pingWebhook',
    tag,
    method: 'POST',
    path: '/cairn/webhooks/:webhook_id/ping',
    policy,
    summary: 'Send a message of the type cairn.webhook.Ping at once, and say what became of it',
    fields: { webhook_id },
    response: { type: 'object', properties: { status: integer, error: text } },
    deadlineMs: 25_000,
    errors,
  }),
  deadLetters: cairnRoute({
    name: 'listDeadLetters',
    tag,
    method: 'GET',
    path: '/cairn/webhooks/:webhook_id/dead_letters',
    policy,
    summary: 'Events that the target has not taken within a day, in their order',
    fields: { webhook_id, cursor: textParameter('cursor', '`next` of the page before') },
    response: {
      type: 'object',
      required: ['dead_letters'],
      properties: {
        dead_letters: {
          type: 'array',
          items: {
            type: 'object',
            properties: { id: text, type: text, source: text, sequence: text, error: text, given_up: time },
          },
        },
        next: text,
      },
    },
    errors,
  }),
  replay: cairnRoute({
    name: 'replayDeadLetters',
    tag,
    method: 'POST',
    path: '/cairn/webhooks/:webhook_id/dead_letters/replay',
    policy,
    summary: 'Send dead letters once more, at most 100, in their order, until one fails',
    fields: { webhook_id },
    response: { type: 'object', properties: { delivered: integer, left: integer, error: text } },
    deadlineMs: 45_000,
    errors: { ...errors, 409: 'it is paused or suspended' },
  }),
};
