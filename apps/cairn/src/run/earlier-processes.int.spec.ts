import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
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
});
