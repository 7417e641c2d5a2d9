import { chmod, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { newDataset, newJob, newTask } from '../compat/iceprod/fixtures.js';
import { runCommand } from '../harness/cairn-command.js';
import { MODES } from '../harness/cairn-process.js';
import { useTestCluster } from '../harness/test-cluster.js';

/** Paths under a folder, and the folder itself. */
const pathsIn = async (folder: string): Promise<readonly string[]> => [
  folder,
  ...(await readdir(folder, { recursive: true })).map((name) => join(folder, name)),
];

/** Everything that somebody else than its owner may use, with its mode. Files may vanish meanwhile. */
const openTo = async (paths: readonly string[]): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const path of paths) {
    const about = await stat(path).catch(() => undefined);
    if (about === undefined) continue;
    const mode = about.mode & 0o777;
    if (mode !== (about.isDirectory() ? 0o700 : 0o600)) found.push(`${mode.toString(8)} ${path}`);
  }
  return found;
};

describe.each(MODES)('files of the data folder ($mode)', (mode) => {
  let umask = 0o022;
  const cluster = useTestCluster(mode, () => {
    // Processes inherit it: the usual one of login shells, with which everybody may read new files.
    umask = process.umask(0o022);
    return {};
  });

  afterAll(() => {
    process.umask(umask);
  });

  it('are for their owner alone, whoever made them', async () => {
    const { cairn, alice, system } = cluster();
    const dataset = await newDataset(alice);
    const task = await newTask(system, dataset, { job_id: await newJob(system, dataset) });
    const log = { dataset_id: dataset, task_id: task, name: 'stdout', data: 'a'.repeat(300_000) };
    expect((await system.post('/logs', log)).status).toBe(201);
    await runCommand(cairn, ['user', 'add', 'pingu'], 'a long enough password\n');
    await runCommand(cairn, ['key', 'rotate']);
    const paths = await pathsIn(cairn.dataDir);
    const count = (part: string): number => paths.filter((path) => path.includes(part)).length;
    for (const part of [
      'ledger.sqlite-wal',
      'read-models/tasks.sqlite',
      'key-value-store/auth.sqlite',
      'keys/signing-key-',
    ]) {
      expect(`${part} ${count(part) > 0}`).toBe(`${part} true`);
    }
    expect(count('/blobs/') > 0).toBe(!mode.isDistributed);
    expect(await openTo(paths)).toEqual([]);
  });

  it('lose the rights that others had, at the next start', async () => {
    const { cairn } = cluster();
    const widen = async (): Promise<void> => {
      for (const path of await pathsIn(cairn.dataDir)) {
        if (!path.includes('/keys/')) await chmod(path, (await stat(path)).isDirectory() ? 0o755 : 0o644);
      }
    };
    await cairn.restart({ meanwhile: widen });
    expect(await openTo(await pathsIn(cairn.dataDir))).toEqual([]);
    expect(cairn.output()).toContain('other users of this machine had access to the data folder');
  });

  it('prevent a start when others can read a key', async () => {
    const { cairn } = cluster();
    const key = join(cairn.dataDir, 'keys', 'signing-key.pem');
    const expose = () => chmod(key, 0o644);
    await expect(cairn.restart({ only: [mode.processOf('auth')], meanwhile: expose })).rejects.toThrow(
      `cannot start: ${key} is open to other users of this machine (mode 0644)`,
    );
  });
});
