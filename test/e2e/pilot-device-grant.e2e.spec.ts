import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printedBy } from '../../apps/cairn/src/demo/child.js';
import { OpenIdGrant } from '../../apps/cairn/src/worker/openid-grant.js';
import { TokenRefused } from '../../apps/cairn/src/worker/token-source.js';
import { newDataset, newTask } from '../compat/iceprod/fixtures.js';
import { runCommand } from '../harness/cairn-command.js';
import { startEmbedded } from '../harness/cairn-process.js';
import { logInByDevice, REALM } from '../harness/device-login.js';
import { useTestCluster } from '../harness/test-cluster.js';

const PASSWORD = 'noot noot';

/** `--refresh-token-file` against the OpenID provider of Cairn itself. */
describe('a pilot with a saved device grant', () => {
  const cluster = useTestCluster({ start: startEmbedded });
  const folder = mkdtempSync(join(tmpdir(), 'cairn-device-grant-'));
  const file = join(folder, 'refresh-token');

  beforeAll(async () => {
    await runCommand(cluster().cairn, ['user', 'add', 'operator', '--role', 'system'], `${PASSWORD}\n`);
  });

  beforeEach(async () => {
    writeFileSync(file, `${await logInByDevice(cluster().cairn, 'operator', PASSWORD)}\n`, { mode: 0o600 });
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  const grant = (): OpenIdGrant =>
    new OpenIdGrant(cluster().cairn.url + REALM, {
      type: 'refresh_token',
      clientId: 'iceprod-public',
      clientSecretFile: undefined,
      refreshTokenFile: file,
    });

  const statusWith = async (token: string): Promise<number> =>
    (await cluster().anonymous.as(token).get('/pilots')).status;

  it('claims and completes a task', async () => {
    const { cairn, alice, system } = cluster();
    const dataset = await newDataset(alice);
    await alice.put(`/config/${dataset}`, {
      ...{ version: 3.2, description: 'd' },
      tasks: [{ name: 'testing', trays: [{ modules: [{ src: 'true' }] }] }],
    });
    const task = await newTask(system, dataset, { name: 'testing', status: 'waiting' });
    const options = ['--url', cairn.url, '--refresh-token-file', file, '--dataset', dataset];
    const offer = ['--workdir', join(folder, 'work'), '--memory', '8', '--disk', '100', '--exit-when-idle'];
    await printedBy('dist/apps/cairn/src/main.js', ['pilot', ...options, ...offer], {});
    expect((await system.get(`/tasks/${task}`)).json).toMatchObject({ status: 'complete' });
  });

  it('renews its token again and again, across restarts, and keeps the file private', async () => {
    for (let start = 0; start < 2; start += 1) {
      const source = grant();
      const first = await source.current();
      expect(await source.current()).toEqual(first);
      const second = await source.replace(first);
      if (second === undefined) throw new Error('not renewed');
      expect(await source.current()).toEqual(second);
      expect(await Promise.all([first, second].map(({ text }) => statusWith(text)))).toEqual([200, 200]);
    }
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8').trim()).not.toBe('');
  });

  it('reports that its user was logged out', async () => {
    await runCommand(cluster().cairn, ['user', 'logout', 'operator']);
    await expect(grant().current()).rejects.toThrow(TokenRefused);
    await expect(grant().current()).rejects.toThrow(/gives no token: 400 invalid_grant/);
  });
});
