import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endEarlierProcesses, RUN_VARIABLE } from './earlier-processes.js';

/** A process with a descendant in a session of its own; resolves when both run. */
const startFamily = async (run: string) => {
  const child = spawn('sh', ['-c', 'setsid sh -c "echo up; sleep 600; true" & wait'], {
    env: { ...process.env, [RUN_VARIABLE]: run },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  await once(child.stdout, 'data');
  return child;
};

/** Its first thread ends when it is told to, by the system call `exit`; another one makes the file `ended` later. */
const SLOW_TO_END = `
import ctypes, platform, signal, threading, time
told = threading.Event()
def end():
    told.wait()
    time.sleep(0.3)
    open('ended', 'w').close()
threading.Thread(target=end).start()
def tell(*_):
    told.set()
    ctypes.CDLL(None).syscall({'x86_64': 60}.get(platform.machine(), 93), 0)
signal.signal(signal.SIGTERM, tell)
print('up', flush=True)
while True: time.sleep(1)
`;

describe('processes that a killed runner has left', () => {
  it('are found by their environment, whatever their process group, and ended', async () => {
    const [run, otherRun] = [randomUUID(), randomUUID()];
    const [child, other] = [await startFamily(run), await startFamily(otherRun)];
    const ended = once(child, 'exit');
    expect(await endEarlierProcesses(run)).toBeGreaterThanOrEqual(2);
    expect(await ended).toEqual([null, 'SIGTERM']);
    expect(await endEarlierProcesses(run)).toBe(0);
    expect(other.exitCode ?? other.signalCode).toBeNull();
    expect(await endEarlierProcesses(otherRun)).toBeGreaterThanOrEqual(2);
  });

  it('are waited for until the last of their threads has ended', async () => {
    const run = randomUUID();
    const cwd = mkdtempSync(join(tmpdir(), 'cairn-earlier-'));
    const child = spawn('python3', ['-c', SLOW_TO_END], {
      ...{ cwd, env: { ...process.env, [RUN_VARIABLE]: run } },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    expect(await endEarlierProcesses(run)).toBeGreaterThanOrEqual(1);
    expect(existsSync(join(cwd, 'ended'))).toBe(true);
    rmSync(cwd, { recursive: true });
  });
});
