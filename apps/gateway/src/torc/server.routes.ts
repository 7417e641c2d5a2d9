import { MESSAGE, torcRoute } from './torc-route.js';

const tag = 'server';

/** Torc contract 6.4: what needs no token, so that workers see whether the server lives. */
export const serverRoutes = {
  ping: torcRoute({
    name: 'torcPing',
    tag,
    method: 'GET',
    path: '/ping',
    policy: 'public',
    summary: 'Whether the server lives',
    fields: {},
    response: MESSAGE,
  }),
  version: torcRoute({
    name: 'torcVersion',
    tag,
    method: 'GET',
    path: '/version',
    policy: 'public',
    summary: "Version of Torc's API that is served",
    fields: {},
    response: {
      type: 'object',
      required: ['version', 'cairn_version'],
      properties: { version: { type: 'string' }, cairn_version: { type: 'string' } },
    },
  }),
};
