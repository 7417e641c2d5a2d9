import { Controller, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { DialectTable } from '../edge/dialect-table.js';
import { openApiDocument } from '../route/openapi.js';
import type { CallOf, Served } from '../route/route.js';
import { Serves, TheCall } from '../route/serves.decorator.js';
import { DOCS_PAGE_POLICY, docsPage } from './docs-page.js';
import { docsRoutes as routes } from './docs.routes.js';

/** Page and document are made when somebody asks for them first: start-up does not pay for them. */
@Controller()
export class DocsController {
  private html: string | undefined;
  private document: string | undefined;

  constructor(private readonly dialects: DialectTable) {}

  @Serves(routes.page)
  page(@TheCall() _call: CallOf<typeof routes.page>, @Res({ passthrough: true }) reply: FastifyReply): Served {
    void reply.header('content-security-policy', DOCS_PAGE_POLICY);
    return (this.html ??= docsPage(openApiDocument(this.dialects)));
  }

  @Serves(routes.document)
  openApi(): Served {
    return (this.document ??= JSON.stringify(openApiDocument(this.dialects)));
  }
}
