import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';

const cairn = async (...words: readonly string[]) => {
  const child = spawn(process.execPath, [resolve('dist/apps/cairn/src/main.js'), ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { exitCode: child.exitCode, stdout, stderr };
};

describe('help', () => {
  it.each([
    ['', 'Usage: cairn [serve |'],
    ['serve', 'Usage: cairn serve'],
    ['pilot', 'Usage: cairn pilot'],
    ['token', '--user NAME'],
    ['user', 'cairn user add NAME'],
    ['client', 'cairn client add ID'],
    ['key', 'cairn key rotate'],
    ['verify', 'cairn verify'],
  ])('is what "cairn %s --help" prints, and nothing is wrong', async (command, usage) => {
    const words = command === '' ? [] : [command];
    const asked = await cairn(...words, '--help');
    expect(asked).toEqual({ exitCode: 0, stdout: expect.stringContaining(usage) as string, stderr: '' });
    expect(await cairn(...words, '-h')).toEqual(asked);
  });

  it('follows on a command that there is not', async () => {
    const refused = await cairn('explode');
    expect(refused).toEqual({ exitCode: 2, stdout: '', stderr: expect.stringContaining('Usage: cairn [') as string });
  });
});
