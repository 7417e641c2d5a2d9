import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverLog } from './server-log.js';

describe('the log of the server of a run', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cairn-log-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('tells once that the disk is full', () => {
    const notes: string[] = [];
    const log = serverLog('/dev/full', (line) => notes.push(line));
    log('one');
    log('two');
    expect(notes).toEqual([expect.stringMatching(/^\/dev\/full takes no more lines: .*no space left on device/)]);
  });

  it('goes on when lines can be written again', () => {
    const file = join(folder, 'server.log');
    const notes: string[] = [];
    const log = serverLog(file, (line) => notes.push(line));
    mkdirSync(file);
    log('lost');
    rmdirSync(file);
    log('one');
    log('two');
    expect(readFileSync(file, 'utf8')).toBe('one\ntwo\n');
    expect(notes).toHaveLength(1);
  });
});
