import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { runCommandLine, type CommandResult } from '../testing/run-command-line.js';
import type { Terminal } from '../command-line.js';
import { addPilotOptions, type PilotOptions, readOptions } from './options.js';

describe('pilot options', () => {
  let folder: string;
  let options: PilotOptions | undefined;
  const url = '--url http://127.0.0.1:8080';

  beforeEach(() => {
    options = undefined;
    folder = mkdtempSync(join(tmpdir(), 'cairn-pilot-options-'));
    for (const name of ['token', 'secret', 'grant']) writeFileSync(join(folder, name), `${name} text\n`);
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const command = ({ env }: Terminal): Command =>
    addPilotOptions(new Command('pilot')).action((given: Parameters<typeof readOptions>[0]) => {
      options = readOptions(given, env);
    });

  const run = (line: string, env: Readonly<Record<string, string>> = {}): Promise<CommandResult> =>
    runCommandLine(command, `${line} --workdir ${folder}`, { INIT_CWD: folder, ...env });

  it('read the token from a file without its trailing line feed', async () => {
    expect(await run(`${url} --token-file token`)).toMatchObject({ exitCode: 0 });
    expect(options).toMatchObject({ slots: 1, sources: undefined });
    expect((await options?.token.current())?.text).toBe('token text');
  });

  it("resolve relative paths from the user's working directory", async () => {
    await runCommandLine(command, `${url} --token-file token --workdir w --sources .`, { INIT_CWD: folder });
    expect(options).toMatchObject({ workdir: join(folder, 'w'), sources: folder });
  });

  it('pass only a few variables, and the named ones, on to tasks', async () => {
    const env = { PATH: '/bin', LC_ALL: 'C', SECRET: 's', CUDA_VISIBLE_DEVICES: '1' };
    await run(`${url} --token-file token --env CUDA_VISIBLE_DEVICES`, env);
    expect(options?.environment).toEqual({ PATH: '/bin', LC_ALL: 'C', CUDA_VISIBLE_DEVICES: '1' });
  });

  it('are refused with a work folder that others can write to', async () => {
    chmodSync(folder, 0o770);
    const { exitCode, stderr } = await run(`${url} --token-file token`);
    const message = expect.stringContaining(`other users can write to --workdir ${folder}`) as string;
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: message });
  });

  it.each([
    ['no address', '--token-file token', "required option '--url <url>' not specified"],
    [
      'an address that is none',
      '--url example --token-file token',
      "option '--url <url>' argument 'example' is invalid",
    ],
    [
      'an address with a password, which is not shown',
      '--url http://user:hunter2@example --token-file token',
      "option '--url <url>' argument 'http://[hidden]@example' is invalid",
    ],
    ['no token', url, 'give one of --token-file,'],
    ['two tokens', `${url} --token-file token --refresh-token-file grant`, 'give one of --token-file,'],
    ['a secret without a client', `${url} --client-secret-file secret`, 'give one of --token-file,'],
    ['a file that is not there', `${url} --token-file gone`, '--token-file cannot be read: ENOENT'],
    ['sources that are not there', `${url} --token-file token --sources gone`, '--sources: there is no folder'],
    ['half a slot', `${url} --token-file token --slots 1.5`, 'It must be a whole number'],
    [
      'a heartbeat timeout of seconds',
      `${url} --token-file token --heartbeat-timeout 5`,
      'It must be a number from 30 up',
    ],
    ['a token on the command line, which others can read', `${url} --token t`, "unknown option '--token'"],
    ['an unknown sandbox', `${url} --token-file token --sandbox docker`, 'Allowed choices are auto, bubblewrap'],
    ['a folder that is not there', `${url} --token-file token --readable gone`, '--readable: there is no folder'],
    ['an unknown option', `${url} --token-file token --slot 1`, "unknown option '--slot'\n(Did you mean --slots?)"],
    ['an unknown option and no address', '--slot 1', "unknown option '--slot'\n(Did you mean --slots?)"],
  ])('are refused with %s', async (_what, line, message) => {
    const { exitCode, stderr } = await run(line);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(message) as string });
  });
});
