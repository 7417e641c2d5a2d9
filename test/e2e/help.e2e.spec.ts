import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { CAIRN_VERSION } from '#platform/version.js';

const cairn = async (...words: readonly string[]) => {
  const child = spawn(process.execPath, [resolve('dist/apps/cairn/src/main.js'), ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { exitCode: child.exitCode, stdout, stderr };
};

describe('help', () => {
  it.each([
    ['', 'Usage: cairn [options] [command]'],
    ['serve', 'Usage: cairn serve'],
    ['pilot', 'Usage: cairn pilot'],
    ['run', 'Usage: cairn run'],
    ['slurm', 'Usage: cairn slurm'],
    ['token', 'Usage: cairn token'],
    ['user', 'Usage: cairn user'],
    ['client', 'Usage: cairn client'],
    ['key', 'Usage: cairn key'],
    ['verify', 'Usage: cairn verify'],
    ['replay', 'Usage: cairn replay'],
    ['export', 'Usage: cairn export'],
    ['import', 'Usage: cairn import'],
    ['archive', 'Usage: cairn archive'],
    ['pseudonymize', 'Usage: cairn pseudonymize'],
  ])('is printed by "cairn %s --help"', async (command, usage) => {
    const words = command === '' ? [] : [command];
    const answer = await cairn(...words, '--help');
    expect(answer).toEqual({ exitCode: 0, stdout: expect.stringContaining(usage) as string, stderr: '' });
    expect(answer.stdout).not.toContain('npm run');
    expect(await cairn(...words, '-h')).toEqual(answer);
    expect(await cairn('help', ...words)).toEqual(answer);
  });

  it('has the version beside it', async () => {
    expect(await cairn('--version')).toEqual({ exitCode: 0, stdout: `${CAIRN_VERSION}\n`, stderr: '' });
  });

  it('suggests the closest command for an unknown one', async () => {
    const { exitCode, stdout, stderr } = await cairn('tokn');
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain("error: unknown command 'tokn'\n(Did you mean token?)");
    expect(stderr).toContain("Run 'cairn --help'");
  });

  it('can be cut off by a reader that closes the pipe', async () => {
    const child = spawn(process.execPath, [resolve('dist/apps/cairn/src/main.js'), '--help'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.destroy();
    const [stderr] = await Promise.all([text(child.stderr), once(child, 'close')]);
    expect({ exitCode: child.exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });
});
