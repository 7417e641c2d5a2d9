import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diskCheck } from './disk-check.js';

describe('the check of the data folder', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cairn-disk-'));
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('passes while there is room', async () => {
    await expect(diskCheck(folder, 1)()).resolves.toBeUndefined();
  });

  it('says how little room there is', async () => {
    await expect(diskCheck(folder, Number.MAX_SAFE_INTEGER)()).rejects.toThrow(/^\d+ MiB are left on its disk$/);
  });

  it('fails when the folder is gone', async () => {
    await expect(diskCheck(join(folder, 'gone'))()).rejects.toThrow('ENOENT');
  });
});
