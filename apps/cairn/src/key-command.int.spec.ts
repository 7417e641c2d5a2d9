import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnvironmentInvalid } from '#platform/environment.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import { keyCommand } from './key-command.js';
import { runCommandLine, type CommandResult } from './testing/run-command-line.js';

describe('cairn key', () => {
  let folder = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cairn-key-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  const run = (line: string, variables: Readonly<Record<string, string>> = {}): Promise<CommandResult> =>
    runCommandLine(keyCommand, line, { CAIRN_DATA_DIR: folder, ...variables });

  it('rotates the key and prints the id of the new one', async () => {
    const { publicJwk: before } = await SigningKey.open(folder);
    const answer = await run('rotate');
    const [current, ...retired] = await SigningKey.openAll(folder);
    expect(answer).toEqual({ exitCode: 0, stdout: `${current.publicJwk.kid}\n`, stderr: '' });
    expect(retired.map(({ publicJwk }) => publicJwk.kid)).toEqual([before.kid]);
  });

  it.each([
    ['', 'Usage: cairn key'],
    ['list', "unknown command 'list'"],
    ['rotat', 'Did you mean rotate?'],
    ['rotate now', 'too many arguments'],
  ])('refuses "%s"', async (line, message) => {
    await SigningKey.open(folder);
    const { exitCode, stdout, stderr } = await run(line);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(await SigningKey.openAll(folder)).toHaveLength(1);
  });

  it('creates no key in a folder that is not a data folder', async () => {
    expect(await run('rotate')).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(folder) as string });
    expect(await readdir(folder)).toEqual([]);
  });

  it('keeps the key when a variable is invalid', async () => {
    const { publicJwk } = await SigningKey.open(folder);
    await expect(run('rotate', { PORT: 'x' })).rejects.toThrow(EnvironmentInvalid);
    expect((await SigningKey.openAll(folder)).map((key) => key.publicJwk)).toEqual([publicJwk]);
  });
});
