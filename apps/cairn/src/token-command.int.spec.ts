import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { SigningKey } from '#platform/tokens/signing-key.js';
import { TokenVerifier } from '#platform/tokens/verifier.js';
import { ran, type Ran } from './testing/ran.js';
import { tokenCommand } from './token-command.js';

const parent = mkdtempSync(join(tmpdir(), 'cairn-token-'));
const folder = join(parent, 'data');
afterAll(() => rmSync(parent, { recursive: true }));

const run = (line: string, variables: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  ran(tokenCommand, line, { CAIRN_DATA_DIR: folder, ...variables });

const verifier = (audience?: string): TokenVerifier =>
  new TokenVerifier({ ownKeys: async () => [(await SigningKey.open(folder)).publicJwk], audience });

it('prints a token that a server with the same data folder accepts', async () => {
  const { stdout, stderr, exitCode } = await run('--user alice --role user --group users --group simprod --hours 1.5');
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  expect(stdout).toMatch(/^\S+\n$/);
  expect(await verifier().verify(`Bearer ${stdout.trim()}`)).toMatchObject({
    username: 'alice',
    roles: ['user'],
    groups: expect.arrayContaining(['users', 'simprod']) as unknown,
  });
  const { exp = 0, iat = 0 } = decodeJwt(stdout.trim());
  expect(exp - iat).toBe(5400);
});

it('names the audience that the server asks for', async () => {
  const { stdout } = await run('--user grid --role system', { OIDC_AUDIENCE: 'iceprod' });
  expect(await verifier('iceprod').verify(`Bearer ${stdout.trim()}`)).toMatchObject({
    username: 'iceprod-system',
    roles: ['system'],
    groups: [],
  });
});

it.each([
  ['', '--user is missing'],
  ['--user a --hours no', "--hours must be a number above 0, not 'no'"],
  ['--user a --hours 0', "--hours must be a number above 0, not '0'"],
  ['--user a --hours Infinity', "--hours must be a number above 0, not 'Infinity'"],
  ['--user a --role=', '--role and --group need a name'],
  ['--user a --role pilot --role reviewer', 'One token cannot hold both pilot and reviewer'],
  ['--name a', "Unknown option '--name'"],
  ['alice', 'Unexpected argument'],
])('refuses %j', async (line, message) => {
  const { stdout, stderr, exitCode } = await run(line);
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
  expect(stderr).toMatch(new RegExp(`^token: ${message.replaceAll('?', '\\?')}`));
});
