import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Caller } from '#bus/contract.js';
import { GetAccessToken, GetKeyFile, GetProxy, GetTokenKey } from '#contracts/panda/secrets.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { AuthModule } from '../../auth.module.js';
import { readGrants } from './grants-document.js';

const CALLER: Caller = { subject: 'gateway', username: 'gateway', roles: [], groups: [] };

/** An issuer that counts the tokens it makes for the one client with the right secret. */
const openIssuer = async (): Promise<Server> => {
  let made = 0;
  const server = createServer((request, response) => {
    const issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    if (request.url === '/.well-known/openid-configuration') {
      response.end(JSON.stringify({ issuer, token_endpoint: `${issuer}/token` }));
      return;
    }
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const form = new URLSearchParams(body);
      if (form.get('client_secret') !== 'right' || form.get('grant_type') !== 'client_credentials') {
        response.writeHead(401).end(JSON.stringify({ error: 'invalid_client' }));
        return;
      }
      made += 1;
      response.end(
        JSON.stringify({ access_token: `token ${String(made)} ${form.get('scope') ?? ''}`, expires_in: 3600 }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
};

describe('grants', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-grants-'));
  const document = join(folder, 'grants.yaml');
  let host: ServiceHost;
  let issuer: Server;

  const put = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };

  beforeAll(async () => {
    issuer = await openIssuer();
    const url = `http://127.0.0.1:${String((issuer.address() as AddressInfo).port)}`;
    mkdirSync(join(folder, 'keys'));
    put('keys/public.pem', 'PUBLIC');
    put('keys/large', 'x'.repeat(300_000));
    symlinkSync('/etc', join(folder, 'keys', 'etc'));
    const client = { issuer: url, client_id: 'c' };
    put(
      'grants.yaml',
      stringify({
        key_pairs: join(folder, 'keys'),
        proxies: [
          { dn: 'Demo User', file: put('plain.pem', 'PLAIN') },
          { dn: 'Demo User', role: 'production', file: put('production.pem', 'PRODUCTION') },
          { dn: 'Other User', file: join(folder, 'absent.pem') },
        ],
        clients: [
          { name: 'static', token: 'T1' },
          { name: 'file', token_file: put('token', 'T2\n'), token_key: 'k2', demands_token_key: true },
          { name: 'issued', ...client, client_secret: 'right', scope: 'read' },
          { name: 'refused', ...client, client_secret: 'wrong' },
        ],
      }),
    );
    host = new ServiceHost(AuthModule, { PANDA_GRANTS: document });
    await host.start();
  });

  afterAll(async () => {
    await host.end();
    issuer.close();
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['public.pem', 'PUBLIC'],
    ['absent', undefined],
    ['', undefined],
    ['.', undefined],
    ['..', undefined],
    ['../grants.yaml', undefined],
    ['etc/passwd', undefined],
    ['etc', undefined],
    ['large', undefined],
    ['public.pem\0', undefined],
    ['x'.repeat(10_000), undefined],
  ])('give of the keys %j: %j', async (name, found) => {
    expect(await host.request(GetKeyFile, { name }, CALLER)).toEqual(found === undefined ? {} : { found });
  });

  it.each([
    ['Demo User', null, 'PLAIN'],
    ['Demo User', 'production', 'PRODUCTION'],
    ['Demo User', 'pilot', undefined],
    ['Other User', null, undefined],
    ['Nobody', null, undefined],
  ])('give the proxy of %j with the role %j: %j', async (dn, role, found) => {
    expect(await host.request(GetProxy, { dn, role }, CALLER)).toEqual(found === undefined ? {} : { found });
  });

  it('give what stands in files anew at each request', async () => {
    put('plain.pem', 'RENEWED');
    expect(await host.request(GetProxy, { dn: 'Demo User', role: null }, CALLER)).toEqual({ found: 'RENEWED' });
  });

  it.each([
    ['static', null, { found: 'T1' }],
    ['static', 'whatever', { found: 'T1' }],
    ['file', null, { refusal: 'invalid-key' }],
    ['file', 'k1', { refusal: 'invalid-key' }],
    ['file', 'k2', { found: 'T2' }],
    ['issued', null, { found: 'token 1 read' }],
    // It is good for an hour.
    ['issued', null, { found: 'token 1 read' }],
    ['refused', null, {}],
    ['absent', null, {}],
    ['constructor', null, {}],
  ])('give a token of %j with the key %j: %j', async (client_name, token_key, reply) => {
    expect(await host.request(GetAccessToken, { client_name, token_key }, CALLER)).toEqual(reply);
  });

  it('give token keys of clients that have one', async () => {
    expect(await host.request(GetTokenKey, { client_name: 'file' }, CALLER)).toEqual({ found: 'k2' });
    expect(await host.request(GetTokenKey, { client_name: 'static' }, CALLER)).toEqual({});
  });

  it.each([
    ['[]', 'it must be a YAML or JSON object'],
    ['a: b: c', 'it must be a YAML or JSON object'],
    ['proxys: []', 'proxys: property proxys should not exist'],
    ['proxies: {}', 'proxies: must be a list'],
    ['proxies: [{dn: 7, file: x}]', 'proxies[0].dn: must be a text that is not empty'],
    ['proxies: [{dn: secret}]', 'proxies[0].file: must be a text that is not empty'],
    ['clients: [{name: a, token: s, tokn: t}]', 'clients[0].tokn: property tokn should not exist'],
    ['clients: [{name: a, client_id: b}]', 'clients[0]: must have a token, a token_file, or issuer'],
    ['clients: [{name: a, token: t, demands_token_key: maybe}]', 'clients[0].demands_token_key: must be true or false'],
  ])('refuse to start with %j', (text, fault) => {
    expect(() => readGrants(put('wrong.yaml', text))).toThrow(fault);
  });

  it('are empty without a file or with an empty one', () => {
    expect(readGrants(undefined)).toEqual({ proxies: [], clients: [] });
    expect(readGrants(put('empty.yaml', ''))).toEqual({ proxies: [], clients: [] });
  });

  it('refuse a file that everybody may read', () => {
    const file = join(folder, 'open.yaml');
    writeFileSync(file, 'proxies: []');
    chmodSync(file, 0o644);
    expect(() => readGrants(file)).toThrow('chmod 600 it');
  });
});
