import { hashSecret } from '../account/clients.js';
import { askedOf, isTooLarge, publicUrlOf, tidied } from './web-request.js';

const TOKEN = '/auth/realms/IceCube/protocol/openid-connect/token';

const tidy = (body: string, headers: Readonly<Record<string, string>> = {}, url = TOKEN) => {
  const asked = askedOf(url);
  if (asked === undefined) throw new Error(`${url} names no realm`);
  return tidied(asked, { method: 'POST', url, headers, body, address: '192.0.2.1' });
};

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

describe('askedOf', () => {
  it('finds the realm and what is asked of it', () => {
    expect(askedOf('/auth/realms/Ice.Cube_1/device?user_code=A')).toMatchObject({
      realm: 'Ice.Cube_1',
      path: '/device',
    });
  });

  it.each([
    '/auth/realms/',
    '/auth/realms/../device',
    '/auth/realms/./device',
    '/auth/realms/a%2Fb/device',
    `/auth/realms/${'x'.repeat(65)}/device`,
    '/auth/realms/a',
    '/auth/realms/a/%64evice',
    '/auth/realms/a//device',
  ])('knows no realm in %s', (url) => expect(askedOf(url)).toBeUndefined());
});

describe('publicUrlOf', () => {
  it('is what was configured, whatever the request says', () => {
    expect(publicUrlOf('evil.example', { PUBLIC_URL: 'https://cairn.example/x/', HOST: '::' })).toBe(
      'https://cairn.example/x',
    );
  });

  it.each(['localhost:8080', '127.0.0.1', '10.1.2.3:80', '[::1]:8080', 'cairn.local:99'])('is named by %s', (host) =>
    expect(publicUrlOf(host, { HOST: 'cairn.local' })).toBe(`http://${host}`),
  );

  it.each([undefined, '', 'evil.example', 'localhost.evil.example', 'localhost:1/x', '127.0.0.1@evil', '999.1.1.1'])(
    'is not named by %s',
    (host) => expect(publicUrlOf(host, { HOST: 'cairn.local' })).toBeUndefined(),
  );
});

describe('tidied', () => {
  it('trims scopes, and takes an empty one for none', () => {
    expect(tidy('scope=offline_access+').form.get('scope')).toBe('offline_access');
    expect(tidy('scope=+a++b+').form.get('scope')).toBe('a b');
    expect(tidy('scope=').form.has('scope')).toBe(false);
    expect(tidy('scope=++').form.has('scope')).toBe(false);
  });

  it('gives devices that ask for nothing a lasting login', () => {
    const url = '/auth/realms/IceCube/protocol/openid-connect/auth/device';
    expect(tidy('client_id=a&scope=', {}, url).form.get('scope')).toBe('offline_access');
  });

  it('needs no consent', () => {
    expect(tidy('prompt=consent').form.has('prompt')).toBe(false);
    expect(tidy('prompt=login+consent').form.get('prompt')).toBe('login');
  });

  it('hands on hashes of secrets only, by header, wherever they stood', () => {
    const expected = basic(`grid:${hashSecret('a b+c')}`);
    const inForm = tidy('client_id=grid&client_secret=a+b%2Bc');
    expect(inForm.headers).toEqual({ authorization: expected });
    expect(inForm.secret).toEqual({ clientId: 'grid', secretHash: hashSecret('a b+c') });
    expect(inForm.form.has('client_secret')).toBe(false);
    expect(tidy('', { authorization: basic('grid:a%20b%2Bc') }).headers).toEqual({ authorization: expected });
  });
});

it.each([
  ['in the query', '', `${TOKEN}?${'a=b&'.repeat(101)}`, true],
  ['in the form', 'a=b&'.repeat(101), TOKEN, true],
  ['nowhere', 'a=b&'.repeat(100), `${TOKEN}?${'a=b&'.repeat(100)}`, false],
  ['in a long word', `a=${'b'.repeat(8192)}`, TOKEN, true],
])('finds too many or too long parameters %s', (_, body, url, expected) => {
  expect(isTooLarge(tidy(body, {}, url))).toBe(expected);
});
