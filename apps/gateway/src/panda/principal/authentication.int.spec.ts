import { Controller } from '@nestjs/common';
import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer } from '#bus/contract.js';
import { GetPandaUsers, GetPandaVos, type PandaUser, type Vo } from '#contracts/panda/configuration.js';
import { GetSigningKeys } from '#contracts/tokens.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import { SignJWT, exportJWK, generateKeyPair } from 'jose';
import { httpCall } from '../../testing/http-call.js';
import { Answers, type RunningGateway, startGateway } from '../../testing/start-gateway.js';

const folder = mkdtempSync(join(tmpdir(), 'cairn-panda-'));

const VO: Vo = {
  name: 'wlcg',
  issuers: ['cairn'],
  members: [{ group: 'wlcg', role: 'user' }],
  production_groups: ['production'],
  pilot_groups: ['production', 'pilot'],
  auto_roles: [],
  robots: [],
  client: { client_id: 'panda', client_secret: 's', audience: 'panda' },
};

let vos: readonly Vo[] = [];
let users: readonly PandaUser[] = [];

@Controller()
class Configuration {
  @Answers(GetPandaVos)
  vos(): Answer<{ vos: readonly Vo[] }> {
    return { reply: { vos } };
  }

  @Answers(GetPandaUsers)
  users(): Answer<{ users: readonly PandaUser[] }> {
    return { reply: { users } };
  }

  @Answers(GetSigningKeys)
  async keys(): Promise<Answer<{ keys: readonly Readonly<Record<string, unknown>>[] }>> {
    return { reply: { keys: [{ ...(await SigningKey.open(folder)).publicJwk }] } };
  }
}

describe("PanDA's callers", () => {
  let gateway: RunningGateway;
  let issuer: Server;
  let issuerUrl: string;
  let key: Awaited<ReturnType<typeof generateKeyPair>>;

  beforeAll(async () => {
    key = await generateKeyPair('RS256');
    const jwk = { ...(await exportJWK(key.publicKey)), kid: 'one', alg: 'RS256' };
    issuer = createServer((request, response) => {
      const document =
        request.url === '/keys' ? { keys: [jwk] } : { issuer: `${issuerUrl}/`, jwks_uri: `${issuerUrl}/keys` };
      response.end(JSON.stringify(document));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => issuer.once('listening', resolve));
    issuerUrl = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
    const discovery = `${issuerUrl}/.well-known/openid-configuration`;
    vos = [
      VO,
      {
        ...VO,
        name: 'other',
        issuers: [{ oidc_config_url: discovery, audiences: ['panda'], jwt_profile: 'wlcg' }],
        members: [{ group: 'other/people', role: null }],
        robots: ['robot-1'],
        client: null,
      },
      { ...VO, name: 'vo.with.dots', members: [] },
      { ...VO, name: 'auto', auto_roles: ['pilot'] },
    ];
    users = [
      { name: 'Bad User', flags: '', status: 'disabled', email: null },
      { name: 'Demo User', flags: 'k', status: 'ok', email: null },
    ];
    gateway = await startGateway([Configuration], {
      CAIRN_DATA_DIR: folder,
      PANDA_CERTIFICATE_PROXIES: 'loopback',
      PANDA_PRODUCTION_DNS: '/CN=Factory One;/CN=Factory Two',
    });
  });
  afterAll(async () => {
    await gateway.close();
    issuer.close();
    rmSync(folder, { recursive: true });
  });

  const ownToken = async (claims: Readonly<Record<string, unknown>> = {}, seconds = 600): Promise<string> =>
    (await SigningKey.open(folder)).sign(
      { sub: 'duser', preferred_username: 'duser', name: 'demo USER', groups: ['wlcg', '/wlcg/production'], ...claims },
      seconds,
    );

  const externalToken = (claims: Readonly<Record<string, unknown>>): Promise<string> =>
    new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .setIssuer(issuerUrl)
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(key.privateKey);

  const ask = async (headers: Readonly<Record<string, string>>): Promise<readonly [number, string]> => {
    const { status, body } = await httpCall('GET', `${gateway.url}/api/v1/system/get_user_attributes`, { headers });
    return [status, body];
  };
  const dataOf = ([status, body]: readonly [number, string]): unknown => {
    expect(status).toBe(200);
    return (JSON.parse(body) as { data: unknown }).data;
  };
  const bearer = (token: string, origin?: string): Readonly<Record<string, string>> => ({
    authorization: `Bearer ${token}`,
    ...(origin !== undefined && { origin }),
  });
  const rejected = (reason: string) => [403, `ERROR : Token authentication failed. ${reason}`];

  it('are known by a token of Cairn and an origin', async () => {
    expect(dataOf(await ask(bearer(await ownToken(), 'wlcg')))).toEqual({
      user_dn_raw: 'Demo User/CN=nickname:duser',
      user_dn_clean: 'Demo User',
      fqans: [],
      is_production_user: false,
      production_working_groups: [],
      primary_working_group: null,
    });
  });

  it.each(['wlcg:production', 'wlcg.production'])('hold the role of the origin %s', async (origin) => {
    expect(dataOf(await ask(bearer(await ownToken(), origin)))).toMatchObject({
      fqans: ['/wlcg/Role=production'],
      is_production_user: true,
    });
  });

  it.each([
    ['', 'Origin header is missing'],
    ['nobody', 'Unknown vo : nobody'],
    ['wlcg:pilot', 'Not a member of the wlcg/pilot group'],
    ['vo.with.dots', 'Not a member of the vo.with.dots group'],
    ['vo.with.dots:production', 'Not a member of the vo.with.dots/production group'],
    ['other', 'Unknown client : duser'],
  ])('are refused with the origin "%s"', async (origin, reason) => {
    expect(await ask(bearer(await ownToken(), origin))).toEqual(rejected(reason));
  });

  it('are refused without an origin, and with tokens that are none', async () => {
    expect(await ask(bearer(await ownToken()))).toEqual(rejected('Origin header is missing'));
    expect(await ask(bearer('x', 'wlcg'))).toEqual(rejected('not a token'));
    expect(await ask(bearer('a.b.c', 'wlcg'))).toEqual(rejected('not a token'));
    expect(await ask({ authorization: 'Bearer', origin: 'wlcg' })).toEqual(rejected('not a token'));
    expect(await ask(bearer(await ownToken({}, -100), 'wlcg'))).toEqual(rejected('Signature has expired'));
    const [head, , signature] = (await ownToken()).split('.');
    const forged = Buffer.from(JSON.stringify({ iss: 'cairn', sub: 'x', exp: 9999999999 })).toString('base64url');
    expect(await ask(bearer(`${head}.${forged}.${signature}`, 'wlcg'))).toEqual(
      rejected('Signature verification failed'),
    );
  });

  it('are checked before functions that need nobody, too', async () => {
    const headers = bearer('x', 'wlcg');
    const { status } = await httpCall('GET', `${gateway.url}/api/v1/system/is_alive`, { headers });
    expect(status).toBe(403);
    const unknown = await httpCall('GET', `${gateway.url}/api/v1/system/nothing`, { headers });
    expect(unknown.body).toBe('ERROR : method nothing is forbidden');
  });

  it('are known by tokens of an external issuer', async () => {
    const claims = { sub: 'u1', aud: 'panda', name: 'Demo User', 'wlcg.groups': ['/other/people', '/other/pilot'] };
    expect(dataOf(await ask(bearer(await externalToken(claims), 'other')))).toMatchObject({
      user_dn_raw: 'Demo User',
      fqans: [],
    });
    expect(dataOf(await ask(bearer(await externalToken(claims), 'other:pilot')))).toMatchObject({
      fqans: ['/other/Role=pilot'],
      is_production_user: false,
    });
    expect(await ask(bearer(await externalToken({ ...claims, aud: 'stranger' }), 'other'))).toEqual(
      rejected('Unknown client : stranger'),
    );
    expect(
      dataOf(await ask(bearer(await externalToken({ sub: 'robot-1', aud: 'panda' }), 'other:production'))),
    ).toEqual(expect.objectContaining({ user_dn_clean: 'robot-1', is_production_user: true }));
    expect(await ask(bearer(await externalToken(claims), 'wlcg'))).toEqual(rejected('Signature verification failed'));
  });

  it('get further roles by scope, of their VO only, and automatically', async () => {
    const scope = 'openid role:/wlcg/group/Role=production role:/atlas/Role=production';
    expect(dataOf(await ask(bearer(await ownToken({ scope }), 'wlcg')))).toMatchObject({
      fqans: ['/wlcg/group/Role=production'],
      is_production_user: false,
      primary_working_group: 'group',
    });
    expect(dataOf(await ask(bearer(await ownToken(), 'auto:pilot')))).toMatchObject({ fqans: ['/auto/Role=pilot'] });
  });

  it('may be banned, and a change of the configuration takes effect', async () => {
    const headers = bearer(await ownToken({ name: 'Bad User' }), 'wlcg');
    expect(await ask(headers)).toEqual([403, 'ERROR : Bad User is banned']);
    users = [];
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(dataOf(await ask(headers))).toMatchObject({ user_dn_clean: 'Bad User' });
  });

  it('are known by the headers of a trusted proxy', async () => {
    const certificate = {
      'x-ssl-client-verify': 'SUCCESS',
      'x-ssl-client-s-dn': '/DC=org/CN=duser/CN=Demo User',
      'x-voms-fqan': '/wlcg/Role=pilot;/wlcg/group/Role=production',
    };
    expect(dataOf(await ask(certificate))).toMatchObject({
      user_dn_clean: 'Demo User',
      fqans: ['/wlcg/Role=pilot', '/wlcg/group/Role=production'],
      is_production_user: false,
    });
    const refused = '{"success":false,"message":"SSL secure connection is required","data":null}';
    expect(await ask({ ...certificate, 'x-ssl-client-verify': 'NONE' })).toEqual([200, refused]);
    const limited = { ...certificate, 'x-ssl-client-s-dn': '/CN=Demo User/CN=limited proxy' };
    expect(await ask(limited)).toEqual([200, refused]);
    const utf8 = Buffer.from('/CN=Jörg Müller').toString('latin1');
    expect(dataOf(await ask({ ...certificate, 'x-ssl-client-s-dn': utf8 }))).toMatchObject({
      user_dn_clean: 'Jörg Müller',
    });
    const factory = { ...certificate, 'x-ssl-client-s-dn': '/CN=Factory Two/CN=proxy' };
    expect(dataOf(await ask(factory))).toMatchObject({ is_production_user: true });
  });

  it('learn where they get tokens', async () => {
    const { status, body } = await httpCall('GET', `${gateway.url}/auth/wlcg_auth_config.json`);
    expect([status, JSON.parse(body)]).toEqual([
      200,
      {
        oidc_config_url: `${gateway.url}/auth/realms/cairn/.well-known/openid-configuration`,
        client_id: 'panda',
        client_secret: 's',
        audience: 'panda',
        vo: 'wlcg',
        no_verify: 'True',
      },
    ]);
    expect((await httpCall('GET', `${gateway.url}/auth/other_auth_config.json`)).status).toBe(404);
    expect((await httpCall('GET', `${gateway.url}/auth/nobody_auth_config.json`)).status).toBe(404);
  });

  it('are told what the server knows of their requests, but no token', async () => {
    const headers = { ...bearer(await ownToken(), 'wlcg:production'), 'x-more': 'more' };
    const url = `${gateway.url}/api/v1/system/get_attributes?b=2&a=1`;
    const { body } = await httpCall('GET', url, { headers });
    expect(JSON.parse(body)).toMatchObject({
      success: true,
      data: {
        parameters: { a: '1', b: '2' },
        environment: {
          REQUEST_METHOD: 'GET',
          HTTP_AUTHORIZATION: '***',
          HTTP_X_MORE: 'more',
          SSL_CLIENT_S_DN: 'Demo User/CN=nickname:duser',
          GRST_CRED_1: 'VOMS 0 9999999999 0 /wlcg/Role=production',
        },
      },
    });
    const voms = await httpCall('GET', `${gateway.url}/api/v1/system/get_voms_attributes`, { headers });
    expect((JSON.parse(voms.body) as { data: unknown }).data).toEqual({
      GRST_CRED_0: 'Demo User/CN=nickname:duser',
      GRST_CRED_1: 'VOMS 0 9999999999 0 /wlcg/Role=production',
      GRST_CRED_AURI_0: 'dn:Demo User/CN=nickname:duser',
      GRST_CRED_AURI_1: 'fqan:/wlcg/Role=production',
    });
  });
});
