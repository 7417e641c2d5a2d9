import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A web site that serves pages and records what browsers send. */
export interface WebSite {
  readonly url: string;
  /** Queries and forms that arrived, oldest first. */
  readonly received: readonly URLSearchParams[];
  /** Sets the page that is served from now on. */
  show(html: string): void;
  stop(): Promise<void>;
}

export const startWebSite = async (): Promise<WebSite> => {
  const received: URLSearchParams[] = [];
  let page = '<title>A web site</title>';
  const server = createServer((request, response) => {
    void (async () => {
      const { search } = new URL(request.url ?? '/', 'http://site');
      const form = await text(request);
      if (search !== '' || form !== '') received.push(new URLSearchParams(form === '' ? search : form));
      response.writeHead(200, { 'content-type': 'text/html' }).end(page);
    })();
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    received,
    show: (html) => (page = html),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
