import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../command-line.js';
import { readOptions } from './options.js';

describe('options of the pilot', () => {
  let folder: string;
  const url = ['--url', 'http://127.0.0.1:8080'];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cairn-pilot-options-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const refusalOf = (...words: readonly string[]): unknown => {
    try {
      return readOptions([...words, '--workdir', folder]);
    } catch (error) {
      return error;
    }
  };

  it('take the token from a file, without the line feed that editors add', () => {
    const file = join(folder, 'token');
    writeFileSync(file, 'secret\n');
    expect(readOptions([...url, '--token-file', file, '--workdir', folder])).toMatchObject({
      token: 'secret',
      slots: 1,
    });
  });

  it.each([
    ['no address', ['--token', 't'], /--url/],
    ['no token', url, /--token or --token-file/],
    ['a file that is not there', [...url, '--token-file', '/nowhere/token'], /--token-file cannot be read: ENOENT/],
    ['half a slot', [...url, '--token', 't', '--slots', '1.5'], /--slots/],
    ['an unknown option', [...url, '--token', 't', '--colour', 'red'], /--colour/],
  ])('are refused with %s', (_what, words, message) => {
    const refusal = refusalOf(...words);
    expect(refusal).toBeInstanceOf(UsageError);
    expect(String(refusal)).toMatch(message);
  });
});
