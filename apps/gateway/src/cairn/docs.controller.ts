import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Controller, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { DomainError } from '#platform/domain-error.js';
import { DialectTable } from '../edge/dialect-table.js';
import { openApiDocument } from '../route/openapi.js';
import type { CallOf, Served } from '../route/route.js';
import { Serves, TheCall } from '../route/serves.decorator.js';
import { docsRoutes as routes } from './docs.routes.js';

const PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Cairn API</title>
<link rel="stylesheet" href="docs/swagger-ui.css"><link rel="icon" href="docs/favicon-32x32.png"></head>
<body><div id="swagger-ui"></div><script src="docs/swagger-ui-bundle.js"></script><script src="docs/start.js"></script></body>
</html>
`;

const START = "SwaggerUIBundle({ url: '/openapi.json', dom_id: '#swagger-ui', deepLinking: true });\n";

/** Parts of the page that come with Swagger UI, and their types. */
const FILES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

const PAGE_POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

/** Nothing here is loaded or made before somebody asks: start-up does not pay for it. */
@Controller()
export class DocsController {
  private document: string | undefined;

  constructor(private readonly dialects: DialectTable) {}

  @Serves(routes.page)
  page(@TheCall() _call: CallOf<typeof routes.page>, @Res({ passthrough: true }) reply: FastifyReply): Served {
    void reply.header('content-security-policy', PAGE_POLICY);
    return PAGE;
  }

  @Serves(routes.file)
  async file(
    @TheCall() { input }: CallOf<typeof routes.file>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Served> {
    if (input.file === 'start.js') {
      void reply.header('content-type', 'text/javascript; charset=utf-8');
      return START;
    }
    const type = Object.hasOwn(FILES, input.file) ? FILES[input.file] : undefined;
    if (type === undefined) throw new DomainError('not-found', 'docs.no-file', 'No such part of the page');
    const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
    const bytes = await readFile(join(folder, input.file));
    void reply.header('content-type', type).header('cache-control', 'max-age=86400');
    return bytes;
  }

  @Serves(routes.document)
  openApi(): Served {
    return (this.document ??= JSON.stringify(openApiDocument(this.dialects)));
  }
}
