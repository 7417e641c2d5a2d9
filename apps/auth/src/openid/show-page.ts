import type { ServerResponse } from 'node:http';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { PAGE_HEADERS } from './pages.js';

/** What the library passes to code that answers instead of it. */
type PageContext = Pick<KoaContextWithOIDC, 'set' | 'body'>;

/** Answers a page where the library asks for one. */
export const showIn = (ctx: PageContext, html: string): void => {
  ctx.set(PAGE_HEADERS);
  ctx.body = html;
};

/** Answers a page where the library is not asked. */
export const showPage = (response: ServerResponse, status: number, html: string): void => {
  response.writeHead(status, PAGE_HEADERS).end(html);
};
