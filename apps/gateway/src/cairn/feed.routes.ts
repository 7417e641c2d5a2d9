import { readHistoryCursor } from '#event-sourcing/history-cursor.js';
import { parsedParameter } from '../route/fields.js';
import { invalid } from '../route/request-source.js';
import { cairnRoute } from './cairn-route.js';

/** The same text for the parameter and for the header. */
export const badCursor = (name: string): Error =>
  invalid(`${name} must be the id of an event of the feed like 4711 or 4711.3`);

export const feedRoutes = {
  follow: cairnRoute({
    name: 'followEvents',
    tag: 'history',
    method: 'GET',
    path: '/cairn/events',
    policy: { roles: ['admin', 'system', 'user'] },
    summary: 'Events as they happen, for an EventSource; after Last-Event-ID none is left out and none comes twice',
    fields: {
      after: parsedParameter(
        'after',
        { type: 'string' },
        'id of the last event that the client has: goes on behind it, `0` from the first event on. Without it and Last-Event-ID, only new events',
        (given) => {
          if (readHistoryCursor(given) === undefined) throw badCursor('after');
          return given;
        },
      ),
    },
    contentType: 'text/event-stream; charset=utf-8',
    response: { type: 'string' },
    examples: {
      response:
        'id: 4711\nevent: UnitsClaimed\ndata: {"specversion":"1.0","type":"cairn.iceprod.UnitsClaimed","sequence":"4711","data":{"units":[[0,4]]}}\n\n',
    },
    errors: { 400: 'the history has no such event' },
  }),
};
