import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from './make-folder.js';

describe('makeFolder', () => {
  let parent: string;

  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'cairn-folder-'));
  });

  afterEach(() => {
    rmSync(parent, { recursive: true });
  });

  it('makes a folder and those above it, once', () => {
    const folder = join(parent, 'a', 'b');
    for (let times = 0; times < 2; times += 1) makeFolder(folder, 0o700);
    for (const each of [folder, join(parent, 'a')]) expect(statSync(each).mode & 0o777).toBe(0o700);
  });

  it('says where it cannot make one', () => {
    writeFileSync(join(parent, 'file'), '');
    expect(() => makeFolder(join(parent, 'file'))).toThrow('EEXIST');
    expect(() => makeFolder(join(parent, 'file', 'a', 'b'))).toThrow('ENOTDIR');
    // Node's own never ends here.
    expect(() => makeFolder('/proc/cairn/a')).toThrow(/^ENOENT: .*'\/proc\/cairn'$/);
  });
});
