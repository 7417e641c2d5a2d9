import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentInvalid } from '#platform/environment.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import { keyCommand } from './key-command.js';
import { ran, type Ran } from './testing/ran.js';

describe('cairn key', () => {
  let folder = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cairn-key-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  const run = (line: string, variables: Readonly<Record<string, string>> = {}): Promise<Ran> =>
    ran(keyCommand, line, { CAIRN_DATA_DIR: folder, ...variables });

  it('rotates the key and says the id of the new one', async () => {
    const { publicJwk: before } = await SigningKey.open(folder);
    const answer = await run('rotate');
    const [current, ...retired] = await SigningKey.openAll(folder);
    expect(answer).toEqual({ exitCode: 0, stdout: `${current.publicJwk.kid}\n`, stderr: '' });
    expect(retired.map(({ publicJwk }) => publicJwk.kid)).toEqual([before.kid]);
  });

  it.each(['', 'list', 'rotate now'])('refuses "%s" and says what it takes', async (line) => {
    const { exitCode, stdout, stderr } = await run(line);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('cairn key rotate');
    expect(await SigningKey.openAll(folder)).toHaveLength(1);
  });

  it('leaves the key alone when a variable is wrong', async () => {
    const { publicJwk } = await SigningKey.open(folder);
    await expect(run('rotate', { PORT: 'x' })).rejects.toThrow(EnvironmentInvalid);
    expect((await SigningKey.openAll(folder)).map((key) => key.publicJwk)).toEqual([publicJwk]);
  });
});
