import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt } from 'jose';
import { SigningKey } from '#platform/tokens/signing-key.js';
import { TokenVerifier } from '#platform/tokens/verifier.js';
import { groupsProjection } from '#event-sourcing/groups.js';
import { roleProjection } from '../../auth/src/role/role-projection.js';
import { runCommandLine, type CommandResult } from './testing/run-command-line.js';
import { tokenCommand } from './token-command.js';

const parent = mkdtempSync(join(tmpdir(), 'cairn-token-'));
const folder = join(parent, 'data');
beforeAll(() => SigningKey.open(folder));
afterAll(() => rmSync(parent, { recursive: true }));

const run = (line: string, variables: Readonly<Record<string, string>> = {}): Promise<CommandResult> =>
  runCommandLine(tokenCommand, line, { CAIRN_DATA_DIR: folder, ...variables });

/** Creates the tables of roles and groups with one added entry each. */
const addReviewers = (): void => {
  mkdirSync(join(folder, 'read-models'));
  const database = new DatabaseSync(join(folder, 'read-models', 'auth.sqlite'));
  database.exec(roleProjection.tables);
  database.exec(groupsProjection.tables);
  database.exec(`INSERT INTO custom_role VALUES ('reviewer', 0, '{}')`);
  database.exec(`INSERT INTO custom_group VALUES ('reviewers', 'g', 0, 1, '{}')`);
  database.close();
};

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
  expect(exp - Math.floor(iat)).toBe(5400);
});

it('gives each worker a name of its own, unless it is named', async () => {
  const identityOf = async (line: string) => verifier().verify(`Bearer ${(await run(line)).stdout.trim()}`);
  const [first, second] = [await identityOf('--role worker'), await identityOf('--role worker')];
  expect(first).toMatchObject({
    subject: expect.stringMatching(/^worker-[0-9a-f]{16}$/) as unknown,
    roles: ['worker'],
    groups: [],
  });
  expect(second).not.toMatchObject({ subject: (first as { subject: string }).subject });
  expect(await identityOf('--role worker --user gpu-1')).toMatchObject({ subject: 'gpu-1', roles: ['worker'] });
});

it('includes the audience that the server requires', async () => {
  const { stdout } = await run('--user grid --role system', { OIDC_AUDIENCE: 'iceprod' });
  expect(await verifier('iceprod').verify(`Bearer ${stdout.trim()}`)).toMatchObject({
    username: 'iceprod-system',
    roles: ['system'],
    groups: [],
  });
});

it.each([
  ['', '--user is missing'],
  ['--user a --role worker --role system', 'a token of the role worker has no other role'],
  ['--user a --hours no', "option '--hours <number>' argument 'no' is invalid. It must be a number above 0"],
  ['--user a --hours 0', "option '--hours <number>' argument '0' is invalid"],
  ['--user a --hours Infinity', "option '--hours <number>' argument 'Infinity' is invalid"],
  ['--user a --role=', "there is no role ''"],
  ['--user a --role king', "there is no role 'king'; known are admin, user, system, worker, pilot, client"],
  ['--user a --group crowd', "there is no group 'crowd'; known are admin, simprod, filtering, users"],
  ['--user a --role pilot --role client', 'One token cannot hold both pilot and client'],
  ['--user a --hour 1', "unknown option '--hour'\n(Did you mean --hours?)"],
  ['alice --user a', 'too many arguments'],
])('refuses %j', async (line, message) => {
  const { stdout, stderr, exitCode } = await run(line);
  expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
  expect(stderr.startsWith(`error: ${message}`)).toBe(true);
  expect(stderr).toContain("Run 'cairn token --help'");
});

it('accepts roles and groups that exist in this Cairn or that OIDC_CLAIMS names', async () => {
  const claims = { roles: [{ name: 'shifter', claim: 'groups', pattern: '/shift' }] };
  const line = '--user a --role shifter --group filtering';
  expect((await run(line)).exitCode).toBe(2);
  expect((await run(line, { OIDC_CLAIMS: JSON.stringify(claims) })).exitCode).toBe(0);
  addReviewers();
  expect((await run('--user a --role reviewer --group reviewers')).exitCode).toBe(0);
});

describe('of PanDA', () => {
  const config = join(parent, 'panda.yaml');
  const document = 'vos: {atlas: {issuers: [cairn], members: [{group: atlas/people}], pilot_groups: [runner]}}';
  beforeAll(() => writeFileSync(config, document));
  // Arguments with blanks cannot be in a line that is split at blanks.
  const claimsOf = async (line: string, variables = {}) => decodeJwt((await run(line, variables)).stdout.trim());

  it('names the user, its full name and its groups', async () => {
    const line = '--user duser --name Demo --group wlcg --group wlcg/production --hours 2';
    const { exp = 0, iat = 0, nbf = 0, ...claims } = await claimsOf(line);
    expect(claims).toEqual({
      iss: 'cairn',
      aud: ['panda'],
      sub: 'duser',
      preferred_username: 'duser',
      name: 'Demo',
      groups: ['wlcg', 'wlcg/production'],
    });
    expect(exp - Math.floor(iat)).toBe(7200);
    expect(nbf).toBeLessThanOrEqual(iat);
    expect(await claimsOf('--user duser --group wlcg')).toMatchObject({ name: 'duser', groups: ['wlcg'] });
  });

  it('knows the VOs of the document', async () => {
    const line = '--user duser --group atlas --group /atlas/runner --group atlas/people';
    expect((await run(line, { CAIRN_PANDA_CONFIG: config })).exitCode).toBe(0);
  });

  it.each([
    ['--name Demo --group nowhere', "there is no VO 'nowhere'; known are wlcg"],
    ['--group nowhere/production', "there is no VO 'nowhere'; known are wlcg"],
    ['--group wlcg/king', "there is no role 'king' of the VO wlcg; known are production, pilot"],
    ['--name Demo --group simprod', "there is no VO 'simprod'; known are wlcg"],
  ])('refuses %s', async (line, message) => {
    const { stdout, stderr, exitCode } = await run(`--user duser ${line}`);
    expect({ stdout, exitCode }).toEqual({ stdout: '', exitCode: 2 });
    expect(stderr.startsWith(`error: ${message}`)).toBe(true);
  });
});

it('refuses a missing data folder and does not create it', async () => {
  const nowhere = join(parent, 'nowhere');
  expect(await run('--user a', { CAIRN_DATA_DIR: nowhere })).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: expect.stringContaining(`no Cairn has started in the data folder ${nowhere}`) as string,
  });
  expect(existsSync(nowhere)).toBe(false);
});
