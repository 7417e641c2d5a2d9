import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { SigningKey } from '#platform/tokens/signing-key.js';
import { runKey, USAGE } from './key-command.js';

describe('cairn key', () => {
  let folder = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cairn-key-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  const run = async (line: string, variables: Readonly<Record<string, string>> = {}) => {
    let stdout = '';
    let stderr = '';
    const exitCode = await runKey(line === '' ? [] : line.split(' '), {
      env: { CAIRN_DATA_DIR: folder, ...variables },
      stdin: Readable.from([]),
      stdout: { write: (text: string) => (stdout += text) },
      stderr: { write: (text: string) => (stderr += text) },
    });
    return { exitCode, stdout, stderr };
  };

  it('rotates the key and says the id of the new one', async () => {
    const { publicJwk: before } = await SigningKey.open(folder);
    const answer = await run('rotate');
    const [current, ...retired] = await SigningKey.openAll(folder);
    expect(answer).toEqual({ exitCode: 0, stdout: `${current.publicJwk.kid}\n`, stderr: '' });
    expect(retired.map(({ publicJwk }) => publicJwk.kid)).toEqual([before.kid]);
  });

  it('says what it takes', async () => {
    for (const line of ['', 'list', 'rotate now']) {
      expect(await run(line)).toEqual({ exitCode: 2, stdout: '', stderr: USAGE });
    }
    expect((await run('rotate', { PORT: 'x' })).stderr).toContain('PORT is "x"');
    expect(await SigningKey.openAll(folder)).toHaveLength(1);
  });
});
