import { gzipSync } from 'node:zlib';
import { httpCall } from '../testing/http-call.js';
import { JSON_BYTES_MAX } from './protocol/decoding.js';
import { type RunningGateway, startGateway } from '../testing/start-gateway.js';

describe("PanDA's protocol", () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    gateway = await startGateway([]);
  });
  afterAll(() => gateway.close());

  const EMPTY = '{"success":true,"message":"","data":null}';
  const call = async (method: string, path: string, options: Parameters<typeof httpCall>[2] = {}) => {
    const { status, headers, body } = await httpCall(method, gateway.url + path, options);
    return [status, headers['content-type'], body] as const;
  };
  const json = (body: string) => ({ body, headers: { 'content-type': 'application/json; charset=utf-8' } });
  const form = (body: string) => ({ body, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  const failed = (message: string) => [
    200,
    'application/json',
    `{"success":false,"message":${JSON.stringify(message)},"data":null}`,
  ];

  it.each(['/api/v1', '/api/latest', '/server/panda/api/v1'])('serves functions below %s', async (base) => {
    expect(await call('GET', `${base}/system/is_alive`)).toEqual([200, 'application/json', EMPTY]);
  });

  it.each([
    ['/api/v1/system/nothing', 'nothing'],
    ['/api/v1/nowhere/is_alive', 'is_alive'],
    ['/api/v2/system/is_alive', 'is_alive'],
    ['/api/v1/System/is_alive', 'is_alive'],
    ['/api/v1/system/is_alive/', 'is_alive'],
    ['/api/v1/system/is_alive/again', 'is_alive'],
    ['/api/latest/system/is_alive/', 'is_alive'],
    ['/server/panda/nothing', 'nothing'],
  ])('knows no %s', async (path, name) => {
    expect(await call('GET', path)).toEqual([403, 'text/plain; charset=utf-8', `ERROR : method ${name} is forbidden`]);
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('answers %s in the envelope', async (method) => {
    expect(await call(method, '/api/v1/system/is_alive')).toEqual(failed(`expecting GET, received ${method}`));
  });

  it('refuses whom it does not know', async () => {
    expect(await call('GET', '/api/v1/system/get_user_attributes')).toEqual(
      failed('SSL secure connection is required'),
    );
    expect(await call('POST', '/api/v1/system/get_user_attributes')).toEqual(
      failed('SSL secure connection is required'),
    );
  });

  it('refuses unknown arguments', async () => {
    expect(await call('GET', '/api/v1/system/is_alive?a=1')).toEqual(
      failed("Argument error: got an unexpected keyword argument 'a'"),
    );
  });

  it('ignores the body of GET', async () => {
    expect(await call('GET', '/api/v1/system/is_alive', json('{}'))).toEqual([200, 'application/json', EMPTY]);
    expect(await call('GET', '/api/v1/system/is_alive', json('{"a":'))).toEqual([200, 'application/json', EMPTY]);
  });

  it.each(['{', '[]', '"a"', '{"a":}'])('answers 500 to the body %s', async (body) => {
    const [status, type, text] = await call('POST', '/api/v1/system/is_alive', json(body));
    expect([status, type, text.startsWith('ERROR : received invalid JSON : ')]).toEqual([
      500,
      'text/plain; charset=utf-8',
      true,
    ]);
  });

  it('reads compressed JSON, announced or not', async () => {
    const body = gzipSync('{"a":1}');
    const headers = { 'content-type': 'application/json' };
    const expected = failed('expecting GET, received POST');
    expect(await call('POST', '/api/v1/system/is_alive', { body, headers })).toEqual(expected);
    expect(
      await call('POST', '/api/v1/system/is_alive', { body, headers: { ...headers, 'content-encoding': 'gzip' } }),
    ).toEqual(expected);
    const bad = await call('POST', '/api/v1/system/is_alive', {
      body: body.subarray(0, 15),
      headers: { ...headers, 'content-encoding': 'gzip' },
    });
    expect(bad).toEqual([500, 'text/plain; charset=utf-8', 'body is not valid gzip']);
  });

  it('goes on after a body that is too large', async () => {
    const tooLarge = json(JSON.stringify({ a: 'x'.repeat(JSON_BYTES_MAX + 1024 * 1024) }));
    const [status, , body] = await call('POST', '/server/panda/isAlive', tooLarge);
    expect([status, body]).toEqual([200, '{"success":false,"message":"Request body is too large","data":null}']);
    expect(await call('GET', '/api/v1/system/is_alive')).toEqual([200, 'application/json', EMPTY]);
  });

  it.each([
    ['too many values', json(`{"a":[${'0,'.repeat(50_000)}0]}`), 500, 'has more than 50000 values'],
    ['too many parameters', form('a=1&'.repeat(1_001)), 200, 'Request body is too large'],
  ])('refuses %s from callers whom nobody knows', async (_what, sent, code, text) => {
    const [status, , body] = await call('POST', '/server/panda/isAlive', sent);
    expect([status, body]).toEqual([code, expect.stringContaining(text)]);
  });

  it.each([
    ['a form', form('a=1')],
    ['a form of which no type is told, as panda-client sends it', { body: 'command_name=ping&args=%5B1%5D' }],
    ['JSON of which no type is told', { body: '{"a":"b=1"}' }],
  ])('answers the legacy API in text, after %s', async (_what, sent) => {
    expect(await call('POST', '/server/panda/isAlive', sent)).toEqual([200, 'text/plain; charset=utf-8', 'alive=yes']);
  });

  it('tells where it is', async () => {
    const { host } = new URL(gateway.url);
    const [, , body] = await call('GET', '/api/v1/system/get_http_endpoint');
    expect(body).toBe(`{"success":true,"message":"","data":"${host}"}`);
  });
});
