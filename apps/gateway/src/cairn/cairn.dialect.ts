import { DEFAULT_BODY_LIMITS } from '../body/body-limits.js';
import type { Dialect } from '../dialect.js';
import type { AnyRoute } from '../route/route.js';
import { AuditController } from './audit.controller.js';
import { auditRoutes } from './audit.routes.js';
import { DocsController } from './docs.controller.js';
import { docsRoutes } from './docs.routes.js';
import { cairnErrorResponse } from './error-response.js';
import { EventSchemas } from './event-schemas.js';
import { EventSchemasController } from './event-schemas.controller.js';
import { eventSchemaRoutes } from './event-schemas.routes.js';
import { EXAMPLES } from './examples.js';
import { ExplainController } from './explain.controller.js';
import { explainRoutes } from './explain.routes.js';
import { FeedController } from './feed.controller.js';
import { feedRoutes } from './feed.routes.js';
import { PastController } from './past.controller.js';
import { pastRoutes } from './past.routes.js';
import { TimelinesController } from './timelines.controller.js';
import { timelineRoutes } from './timelines.routes.js';
import { ProbesController } from './probes.controller.js';
import { probeRoutes } from './probes.routes.js';
import { ProofController } from './proof.controller.js';
import { proofRoutes } from './proof.routes.js';
import { WebhooksController } from './webhooks.controller.js';
import { webhookRoutes } from './webhooks.routes.js';
import { WorkloadsController } from './workloads.controller.js';
import { workloadRoutes } from './workloads.routes.js';

const HEADERS = {
  server: 'Cairn',
  'content-type': 'application/json; charset=UTF-8',
  'cache-control': 'no-store, no-cache, must-revalidate, max-age=0',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none';",
} as const;

const DEADLINE_MS = 5_000;

const PROBLEM = {
  type: 'object',
  description: "Errors of Cairn's own routes (RFC 9457)",
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string', description: 'stable; clients may branch on it' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
  },
};

/** In the order of the documentation. */
const TABLES: readonly Readonly<Record<string, AnyRoute>>[] = [
  workloadRoutes,
  timelineRoutes,
  auditRoutes,
  proofRoutes,
  pastRoutes,
  feedRoutes,
  webhookRoutes,
  eventSchemaRoutes,
  // Those of everybody's daily work come first, those of operators last.
  explainRoutes,
  probeRoutes,
  docsRoutes,
];

/** Cairn's own API: what serves the users of all dialects. */
export const cairn: Dialect = {
  name: 'cairn',
  paths: ['/cairn/', '/livez', '/readyz', '/metrics', '/docs', '/openapi.json'],
  routes: TABLES.flatMap((table) => Object.values(table)),
  controllers: [
    WorkloadsController,
    TimelinesController,
    AuditController,
    FeedController,
    ProofController,
    WebhooksController,
    EventSchemasController,
    PastController,
    ExplainController,
    ProbesController,
    DocsController,
  ],
  providers: [EventSchemas],
  headers: HEADERS,
  errorResponse: cairnErrorResponse,
  deadlineMs: DEADLINE_MS,
  bodyLimits: DEFAULT_BODY_LIMITS,
  openApi: { schemas: { Problem: PROBLEM }, errorSchema: 'Problem', examples: EXAMPLES },
};
