import { mkdtempSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { runsIn, type RunState, StateFolder } from './state-folder.js';

const state: RunState = { format: 1, run: 'r', workdir: '/', file: '/w.yaml', digest: 'd' };

describe('the folder of a run', () => {
  let parent: string;
  let folder: string;

  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'cairn-state-'));
    folder = join(parent, 'w.run');
  });

  afterEach(() => {
    rmSync(parent, { recursive: true, force: true });
  });

  it('belongs to one runner at a time', async () => {
    const taken = await StateFolder.take(folder);
    await expect(StateFolder.take(folder)).rejects.toThrow(/another runner works on .*w\.run: .*"pid":/);
    await taken.release();
    expect(existsSync(folder)).toBe(false);
    await (await StateFolder.take(folder)).release();
  });

  it.each([
    ['has ended', { host: hostname(), pid: 2 ** 22 + 1, start: '1' }],
    ['has left its process id to another', { host: hostname(), pid: process.pid, start: 'of an earlier boot' }],
  ])('is free again when its runner %s', async (_how, lock) => {
    await (await StateFolder.take(folder)).writeState(state);
    writeFileSync(join(folder, 'lock'), JSON.stringify(lock));
    const taken = await StateFolder.take(folder);
    expect(await taken.readState()).toEqual(state);
    expect(await runsIn(parent)).toEqual([folder]);
    await taken.forgetRun();
    expect(await runsIn(parent)).toEqual([]);
  });

  it.each([
    ['made', '/proc/cairn.run', /^--output cannot be made: ENOENT: .*'\/proc\/cairn\.run'$/],
    ['written to', '/proc', /^--output cannot be written to: /],
  ])('is refused where it cannot be %s', async (_what, path, message) => {
    await expect(StateFolder.take(path)).rejects.toThrow(message);
  });

  it('is left to a runner on another host', async () => {
    await (await StateFolder.take(folder)).writeState(state);
    writeFileSync(join(folder, 'lock'), JSON.stringify({ host: 'elsewhere', pid: 1, start: '' }));
    await expect(StateFolder.take(folder)).rejects.toThrow(/"host":"elsewhere"/);
  });
});
