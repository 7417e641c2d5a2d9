import { path, textParameter } from '../route/fields.js';
import { invalid } from '../route/request-source.js';
import type { Field } from '../route/field.js';
import type { Policy } from '../route/route.js';
import { cairnRoute } from './cairn-route.js';
import { limitParameter } from './parameters.js';

const tag = 'proof';

/** Checkpoints hold numbers and hashes only. */
const READERS: Policy = { roles: ['admin', 'system', 'user'] };
const OPERATORS: Policy = { roles: ['admin', 'system'] };

const LIMIT_MAX = 1000;
const LIMIT_DEFAULT = 100;

/** Reading the ledger up to its head may take long when the service was down for long. */
const SIGN_DEADLINE_MS = 60_000;
const VERIFY_DEADLINE_MS = 15_000;

const text = { type: 'string' };
const hash = { type: 'string', description: 'SHA-256 in hex' };
const time = { type: 'string', description: 'UTC, microseconds, with its zone `Z`' };
const count = { type: 'integer' };

const checkpoint = {
  type: 'object',
  required: ['number', 'events', 'streams', 'root', 'log', 'previous', 'time', 'key', 'public_key', 'signature'],
  properties: {
    number: { type: 'integer', description: 'from 1 on, without gaps' },
    events: { type: 'integer', description: 'how many events of the ledger it covers' },
    streams: { type: 'integer', description: 'how many streams they are in' },
    root: { ...hash, description: 'Merkle root over the heads of all streams, SHA-256 in hex' },
    log: { ...hash, description: 'running SHA-256 over the hashes of all events, in hex' },
    previous: { ...hash, description: 'of the text of the checkpoint before it; zeros for the first' },
    time,
    key: { type: 'string', description: 'id of the key that has signed it' },
    public_key: { type: 'string', description: 'x of its JWK' },
    signature: { type: 'string', description: 'Ed25519 over the text of the checkpoint, base64url' },
  },
};

/** The number of a checkpoint; undefined for the last one. */
const numberInPath: Field<number | undefined, 'always'> = {
  ...path('number of a checkpoint, or `latest`'),
  read: (source, name) => {
    const given = source.path(name);
    if (given === 'latest') return undefined;
    if (!/^[1-9]\d{0,14}$/.test(given)) throw invalid(`${name} must be the number of a checkpoint, or latest`);
    return Number(given);
  },
};

export const proofRoutes = {
  sign: cairnRoute({
    name: 'signCheckpoint',
    tag,
    method: 'POST',
    path: '/cairn/history/checkpoints',
    policy: OPERATORS,
    summary: 'Sign a checkpoint of the history as it is now; one is signed every hour anyway',
    records: ['CheckpointSigned'],
    fields: {},
    status: 201,
    deadlineMs: SIGN_DEADLINE_MS,
    response: checkpoint,
    errors: { 409: 'The history is broken at event 3 of work-iceprod.main.8f1c: verify it' },
  }),
  list: cairnRoute({
    name: 'listCheckpoints',
    tag,
    method: 'GET',
    path: '/cairn/history/checkpoints',
    policy: READERS,
    summary: 'Signed checkpoints of the history, the newest first',
    fields: {
      cursor: textParameter('cursor', '`next` of the page before'),
      limit: limitParameter(LIMIT_MAX, LIMIT_DEFAULT),
    },
    response: {
      type: 'object',
      required: ['checkpoints'],
      properties: {
        checkpoints: { type: 'array', items: checkpoint },
        next: { type: 'string', description: 'cursor of the next page; absent on the last one' },
      },
    },
  }),
  get: cairnRoute({
    name: 'getCheckpoint',
    tag,
    method: 'GET',
    path: '/cairn/history/checkpoints/:checkpoint',
    policy: READERS,
    summary: 'A checkpoint as a file to be kept elsewhere, for `cairn verify --checkpoint`',
    fields: { checkpoint: numberInPath },
    response: {
      type: 'object',
      required: ['format', 'checkpoint'],
      properties: { format: text, checkpoint },
    },
    errors: { 404: 'Checkpoint not found' },
  }),
  keys: cairnRoute({
    name: 'listCheckpointKeys',
    tag,
    method: 'GET',
    path: '/cairn/history/keys',
    policy: 'public',
    summary: 'Public keys that have signed checkpoints, the newest first, as a JWK set',
    fields: {},
    response: {
      type: 'object',
      required: ['keys'],
      properties: { keys: { type: 'array', items: { type: 'object', additionalProperties: true } } },
    },
  }),
  verify: cairnRoute({
    name: 'verifyHistory',
    tag,
    method: 'GET',
    path: '/cairn/history/verify',
    policy: OPERATORS,
    summary:
      'Whether the whole history fits its chains of hashes and its checkpoints; ask again while it is running, the result stays for half a minute',
    fields: {},
    deadlineMs: VERIFY_DEADLINE_MS,
    response: {
      type: 'object',
      required: ['state', 'began'],
      properties: {
        state: { type: 'string', enum: ['running', 'whole', 'broken', 'failed'] },
        began: time,
        ended: time,
        events: { ...count, description: 'that were verified so far' },
        streams: count,
        checkpoints: { ...count, description: 'that fit' },
        keys: { type: 'array', items: text, description: 'ids of the keys that have signed them' },
        rewrites: {
          type: 'array',
          description: 'names that were replaced, as signed records say',
          items: {
            type: 'object',
            required: ['pseudonym', 'events'],
            properties: { pseudonym: text, events: { ...count, description: 'that had the name' } },
          },
        },
        faults: {
          type: 'array',
          description: 'what does not fit, the first first',
          items: {
            type: 'object',
            required: ['kind', 'sentence'],
            properties: { kind: text, sentence: text },
            additionalProperties: true,
          },
        },
      },
    },
  }),
};
