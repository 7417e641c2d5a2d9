import { numberParameter, textParameter, wordParameter, workflow } from './parameters.js';
import { torcRoute } from './torc-route.js';
import { SEVERITIES } from './told-events.js';

/** What Cairn adds to Torc. */
export const eventStreamRoutes = {
  stream: torcRoute({
    name: 'torcStreamEvents',
    tag: 'event stream',
    method: 'GET',
    path: '/cairn/torc/workflows/:key/events/stream',
    summary: 'Events of a workflow as they come, for an EventSource; after Last-Event-ID none is lost',
    fields: {
      workflow: workflow('key'),
      severity: wordParameter(SEVERITIES, 'info', 'the least severity of what is told'),
      category: textParameter('only events of this category'),
      after: numberParameter(
        'milliseconds since the Unix epoch: only later events; without it and Last-Event-ID, new ones',
      ),
    },
    contentType: 'text/event-stream; charset=utf-8',
    response: { type: 'string' },
    examples: {
      response:
        'id: 1772356503377\nevent: job_started\ndata: {"category":"job","type":"start","job_key":"103","severity":"info"}\n\n',
    },
    errors: { 404: 'workflow 97 does not exist' },
  }),
};
