import type { onResponseHookHandler } from 'fastify';
import type { Log } from '#platform/logging.js';
import type { Metrics } from '#platform/metrics.js';
import { pathOf } from './url-path.js';
import { logIfSlow } from './slow-requests.js';

/** Counts and times every request, and logs slow ones. */
export const requestMetrics =
  (metrics: Metrics, log: Log): onResponseHookHandler =>
  (request, reply, done) => {
    const { method, id: correlationId } = request;
    const { statusCode: status, elapsedTime: elapsedMs } = reply;
    metrics.httpRequest(request.route?.path ?? 'unknown', method, status, elapsedMs / 1000);
    logIfSlow(log, { method, path: pathOf(request.url), status, elapsedMs, correlationId });
    done();
  };
