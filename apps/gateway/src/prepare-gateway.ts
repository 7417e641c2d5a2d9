import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { Bus } from '#bus/bus.js';
import { Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { Metrics } from '#platform/metrics.js';
import { Authentication, requestAuthentication } from './edge/authentication.js';
import { crossOriginHeaders } from './edge/cross-origin.js';
import { DialectTable } from './edge/dialect-table.js';
import { ErrorFilter } from './edge/error.filter.js';
import { PathTable } from './edge/path-table.js';
import { withoutStreamForHead } from './edge/head-requests.js';
import { requestMetrics } from './edge/request-metrics.js';
import { requestDecoding } from './edge/request-decoding.js';
import { requestRouting } from './edge/request-routing.js';
import { responseCompression } from './edge/response-compression.js';
import { errorSender } from './edge/send-error.js';
import { terminalLineEnd } from './edge/terminal-line-end.js';
import { requestReading } from './route/request-reading.js';
import { decorateRequests } from './route/request-state.js';
import { Uploads } from './route/uploads.js';

/** Bodies of requests without a token: logins and forms are small. */
const PUBLIC_BODY_BYTES_MAX = 64 * 1024;

/**
 * Installs the hooks that turn requests into calls of controllers. Call it before the application, made with a
 * `createHttpAdapter`, is initialized.
 */
export const prepareGateway = (app: NestFastifyApplication): void => {
  const instance: FastifyInstance = app.getHttpAdapter().getInstance();
  const log = app.get(Log);
  const dialects = app.get(DialectTable);
  const paths = new PathTable();
  const sendError = errorSender(dialects, log);
  const allowOrigin = crossOriginHeaders(app.get(Environment).CORS_ORIGINS);

  app.useGlobalFilters(new ErrorFilter(sendError));
  decorateRequests(instance);
  instance.addHook('onRoute', (options) => {
    const { url, method, config } = options;
    if (config?.route === undefined) return;
    paths.add(url, [method].flat());
    options.config = { ...config, dialect: dialects.of(config.route) };
    if (config.route.policy === 'public') options.bodyLimit = PUBLIC_BODY_BYTES_MAX;
  });
  instance.addHook('onRequest', requestRouting(dialects, paths, allowOrigin, sendError));
  instance.addHook('onRequest', requestAuthentication(app.get(Authentication), sendError));
  instance.addHook('preParsing', requestDecoding(sendError));
  instance.addHook('preHandler', requestReading(app.get(Bus), app.get(Uploads), log, sendError));
  instance.addHook('onSend', terminalLineEnd);
  instance.addHook('onSend', responseCompression);
  instance.addHook('onSend', withoutStreamForHead);
  instance.addHook('onResponse', requestMetrics(app.get(Metrics), log));
};
