import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Runs what `npm run build` has compiled: the process is a real one. */
const SHUTDOWN = pathToFileURL(resolve('build/libs/platform/src/shutdown.js')).href;

describe('stopOnSignal in a process of its own', () => {
  it('ends the process although its event loop is never free', async () => {
    const program = `
      const { stopOnSignal } = await import('${SHUTDOWN}');
      const log = { debug() {}, info() {}, warn() {}, error() {} };
      const neverFree = async () => { for (;;) await undefined; };
      stopOnSignal([{ name: 'spin', run: neverFree }], log, process.exit, 200);
      setInterval(() => {}, 1000);
      process.stdout.write('ready');
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    // Nothing else would end it when the test fails.
    const killer = setTimeout(() => child.kill('SIGABRT'), 20_000);
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    clearTimeout(killer);
  });
});
