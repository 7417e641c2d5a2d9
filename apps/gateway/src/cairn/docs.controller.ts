import { Controller, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { DialectTable } from '../edge/dialect-table.js';
import { openApiDocument } from '../route/openapi.js';
import type { CallOf, RouteResponse } from '../route/route.js';
import { Serves, ValidatedCall } from '../route/serves.decorator.js';
import { DOCS_PAGE_POLICY, docsPage } from './docs-page.js';
import { docsRoutes as routes } from './docs.routes.js';

/** Page and document are made when somebody asks for them first: start-up does not pay for them. */
@Controller()
export class DocsController {
  private html: string | undefined;
  private document: string | undefined;

  constructor(private readonly dialects: DialectTable) {}

  @Serves(routes.page)
  page(
    @ValidatedCall() _call: CallOf<typeof routes.page>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): RouteResponse {
    void reply.header('content-security-policy', DOCS_PAGE_POLICY);
    return (this.html ??= docsPage(openApiDocument(this.dialects)));
  }

  @Serves(routes.document)
  openApi(): RouteResponse {
    return (this.document ??= JSON.stringify(openApiDocument(this.dialects)));
  }
}
