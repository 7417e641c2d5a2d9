import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { Bus } from '#bus/bus.js';
import { Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { Metrics } from '#platform/metrics.js';
import { BodyBudget } from './body/body-budget.js';
import { bodyLimitsOf } from './body/body-limits.js';
import { watchSlowBodies } from './body/slow-bodies.js';
import { Authentication, requestAuthentication } from './edge/authentication.js';
import { limitConnections } from './edge/connection-limits.js';
import { crossOriginHeaders } from './edge/cross-origin.js';
import { DialectTable } from './edge/dialect-table.js';
import { ErrorFilter } from './edge/error.filter.js';
import { localCallers } from './edge/local-access.js';
import { serveProtocol } from './edge/protocol-routes.js';
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

const MIB = 1024 * 1024;

/**
 * Installs the hooks that turn requests into calls of controllers. Call it before the application, made with a
 * `createHttpAdapter`, is initialized.
 *
 * @param isEmbedded whether all of Cairn runs in this process
 */
export const prepareGateway = (app: NestFastifyApplication, { isEmbedded }: { readonly isEmbedded: boolean }): void => {
  const instance: FastifyInstance = app.getHttpAdapter().getInstance();
  const log = app.get(Log);
  const dialects = app.get(DialectTable);
  const paths = new PathTable();
  const sendError = errorSender(dialects, log);
  const environment = app.get(Environment);
  const allowOrigin = crossOriginHeaders(environment.CORS_ORIGINS);
  const budget = new BodyBudget(environment.BODIES_MIB_MAX * MIB, environment.BODIES_MIB_PER_CALLER_MAX * MIB);

  app.useGlobalFilters(new ErrorFilter(sendError));
  decorateRequests(instance);
  instance.addHook('onRoute', (options) => {
    const { url, method, config } = options;
    if (config?.route === undefined) return;
    const dialect = dialects.of(config.route);
    if (method === 'HEAD' && dialect.onlyDeclaredMethods === true) {
      // Without a declaration the route is not served.
      options.config = {};
      return;
    }
    paths.add(url, [method].flat());
    options.config = { ...config, dialect, bodyLimits: bodyLimitsOf(config.route, dialect) };
  });
  limitConnections(
    instance,
    {
      max: environment.CONNECTIONS_MAX,
      perAddressMax: environment.CONNECTIONS_PER_ADDRESS_MAX,
      trustedProxies: environment.TRUSTED_PROXIES,
    },
    dialects.fallback,
    log,
    sendError,
  );
  const slowBodies = watchSlowBodies(instance, environment.REQUEST_STALL_SECONDS * 1000, sendError);
  instance.addHook('onRequest', requestRouting(dialects, paths, allowOrigin, sendError));
  instance.addHook(
    'onRequest',
    requestAuthentication(app.get(Authentication), localCallers(environment, isEmbedded), sendError),
  );
  instance.addHook('preParsing', requestDecoding(sendError));
  instance.addHook(
    'preHandler',
    requestReading({ bus: app.get(Bus), uploads: app.get(Uploads), budget, slowBodies, log, sendError }),
  );
  instance.addHook('onSend', terminalLineEnd);
  instance.addHook('onSend', responseCompression);
  instance.addHook('onSend', withoutStreamForHead);
  instance.addHook('onResponse', requestMetrics(app.get(Metrics), log));
  for (const dialect of dialects.dialects) {
    if (dialect.protocol !== undefined) {
      serveProtocol(instance, dialect, app.get(dialect.protocol), budget, sendError);
    }
  }
};
