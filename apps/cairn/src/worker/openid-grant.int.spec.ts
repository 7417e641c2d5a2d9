import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OpenIdGrant } from './openid-grant.js';
import { TokenUnavailable } from './token-source.js';

const serve = async (answer: (request: IncomingMessage, response: ServerResponse, url: string) => void) => {
  const server = createServer((request, response) => answer(request, response, url)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, close: () => server.close() };
};

it('sends the secret of a client to no address that the issuer redirects to', async () => {
  const asked: (string | undefined)[] = [];
  const elsewhere = await serve((request, response) => {
    asked.push(request.url);
    response.end('{}');
  });
  const issuer = await serve((request, response, url) => {
    if (request.method === 'POST') response.writeHead(307, { location: `${elsewhere.url}/token` }).end();
    else response.end(JSON.stringify({ token_endpoint: `${url}/token` }));
  });
  const folder = await mkdtemp(join(tmpdir(), 'cairn-grant-'));
  const clientSecretFile = join(folder, 'secret');
  await writeFile(clientSecretFile, 'hush');
  const grant = new OpenIdGrant(issuer.url, { type: 'client_credentials', clientId: 'grid', clientSecretFile });
  await expect(grant.current()).rejects.toThrow(TokenUnavailable);
  expect(asked).toEqual([]);
  issuer.close();
  elsewhere.close();
  await rm(folder, { recursive: true });
});
