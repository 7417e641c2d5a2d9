import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog, type Log } from './logging.js';
import { protectDataFolder, readPrivateFile } from './private-files.js';

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe('the data folder', () => {
  let folder: string;
  let lines: Record<string, unknown>[];
  let log: Log;
  let umask: number;

  beforeEach(() => {
    umask = process.umask(0o022);
    folder = join(mkdtempSync(join(tmpdir(), 'cairn-private-')), 'parent', 'data');
    lines = [];
    log = createLog({ LOG_LEVEL: 'warn' }, 'test', {
      write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>),
    });
  });

  afterEach(() => {
    process.umask(umask);
    rmSync(join(folder, '..', '..'), { recursive: true, force: true });
  });

  it('is made for its owner alone, as are files that are written later', async () => {
    await protectDataFolder(folder, log);
    writeFileSync(join(folder, 'later'), '');
    mkdirSync(join(folder, 'folder'));
    expect([folder, join(folder, 'later'), join(folder, 'folder')].map(modeOf)).toEqual(['700', '600', '700']);
    expect(lines).toEqual([]);
  });

  it('ends the start where it cannot be made', async () => {
    await expect(protectDataFolder('/proc/cairn', log)).rejects.toThrow(
      /^the data folder cannot be made: .*ENOENT: .*'\/proc\/cairn'$/,
    );
  });

  it('loses the rights that others had, at any depth, and this is logged', async () => {
    mkdirSync(join(folder, 'blobs', 'ab'), { recursive: true });
    for (const name of ['ledger.sqlite', 'ledger.sqlite-wal', 'blobs/ab/body']) writeFileSync(join(folder, name), '');
    await protectDataFolder(folder, log);
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const path = join(folder, name);
      expect(`${name} ${modeOf(path)}`).toBe(`${name} ${statSync(path).isDirectory() ? '700' : '600'}`);
    }
    expect(modeOf(folder)).toBe('700');
    expect(lines).toMatchObject([{ level: 'warn', repaired: 6 }]);
    expect(lines[0]?.['examples']).toContain(`${join(folder, 'ledger.sqlite')} (0644)`);
  });

  it('loses them also for files in private folders', async () => {
    await protectDataFolder(folder, log);
    mkdirSync(join(folder, 'read-models'));
    const file = join(folder, 'read-models', 'tasks.sqlite');
    writeFileSync(file, '');
    chmodSync(file, 0o640);
    await protectDataFolder(folder, log);
    expect(modeOf(file)).toBe('600');
  });

  it('is checked where a link leads', async () => {
    await protectDataFolder(folder, log);
    const elsewhere = join(folder, '..', 'elsewhere');
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, 'blob'), '');
    for (const path of [elsewhere, join(elsewhere, 'blob')]) chmodSync(path, 0o777);
    symlinkSync(elsewhere, join(folder, 'blobs'));
    symlinkSync(join(folder, 'nowhere'), join(folder, 'dangling'));
    await protectDataFolder(folder, log);
    expect([elsewhere, join(elsewhere, 'blob')].map(modeOf)).toEqual(['700', '600']);
  });

  it('is refused when a part of it belongs to another user', async () => {
    const getuid = process.getuid;
    await protectDataFolder(folder, log);
    writeFileSync(join(folder, 'ledger.sqlite'), '');
    // Only root could give the file to another user, so the test takes another user's part.
    process.getuid = () => 4_000_000;
    try {
      await expect(protectDataFolder(folder, log)).rejects.toThrow(
        `${folder} belongs to user ${statSync(folder).uid}; it must belong to user 4000000, who runs Cairn`,
      );
    } finally {
      process.getuid = getuid as () => number;
    }
  });

  it('keeps modes of keys, which are refused when they are read', async () => {
    await protectDataFolder(folder, log);
    mkdirSync(join(folder, 'keys'));
    const key = join(folder, 'keys', 'shared-secret');
    writeFileSync(key, 'secret');
    expect(await readPrivateFile(key)).toBe('secret');
    for (const mode of [0o644, 0o640, 0o602]) {
      chmodSync(key, mode);
      await protectDataFolder(folder, log);
      await expect(readPrivateFile(key)).rejects.toThrow(`${key} is open to other users of this machine (mode 0`);
    }
  });
});
