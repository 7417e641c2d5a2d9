import { cairnRoute } from './cairn-route.js';
import { historyNameFields, seenPlaceParameter } from './history-fields.js';

export const feedRoutes = {
  follow: cairnRoute({
    name: 'followEvents',
    tag: 'history',
    method: 'GET',
    path: '/cairn/events',
    policy: { roles: ['admin', 'system', 'user'] },
    summary: 'Events as they happen, for an EventSource; after Last-Event-ID none is left out and none comes twice',
    isStrict: true,
    fields: {
      ...historyNameFields,
      after: seenPlaceParameter(
        'after',
        'id of the last event that the client has: goes on behind it, `0` from the first event on. Without it and Last-Event-ID, only new events',
      ),
    },
    contentType: 'text/event-stream; charset=utf-8',
    response: { type: 'string' },
    examples: {
      response:
        'id: 4711-0193f5c2-a7e0-5d1b-8c6a-5f20d0000001\nevent: UnitsClaimed\ndata: {"specversion":"1.0","type":"cairn.iceprod.UnitsClaimed","sequence":"4711","data":{"units":[[0,4]]}}\n\n',
    },
    errors: {
      400: 'the history has no such event, or not any more: begin anew',
      404: 'a workload, unit or group without a history',
      409: 'an id that several workloads have',
    },
  }),
};
