import { once } from 'node:events';
import { FailureLimit } from '../worker/failure-limit.js';
import { keepRunning, type Server } from './keep-running.js';

/** Tells the pauses, but makes none. */
class NoPauses extends FailureLimit {
  readonly pauses: number[] = [];

  override get pauseMs(): number {
    this.pauses.push(super.pauseMs);
    return 0;
  }
}

class Running implements Server {
  readonly url = 'http://127.0.0.1:4711/';
  private readonly end = Promise.withResolvers<number>();
  readonly ended = this.end.promise;

  stop(): Promise<number> {
    this.end.resolve(0);
    return this.ended;
  }

  die(): this {
    this.end.resolve(1);
    return this;
  }
}

describe('a server that is kept running', () => {
  it('is started again on its port, after longer and longer pauses, and not for ever', async () => {
    const ports: string[] = [];
    const notes: string[] = [];
    const start = (port: string): Promise<Server> => {
      ports.push(port);
      return ports.length === 3 ? Promise.reject(new Error('no room')) : Promise.resolve(new Running().die());
    };
    const failures = new NoPauses(4, (times) => `it has failed ${times} times`);
    await using server = await keepRunning(start, failures, (line) => notes.push(line));
    if (!server.lost.aborted) await once(server.lost, 'abort');
    expect(ports).toEqual(['0', '4711', '4711', '4711']);
    expect(failures.pauses.slice(0, 3)).toEqual([2_000, 4_000, 8_000]);
    expect(server.lost.reason).toBe('it has failed 4 times, the last with: code 1');
    expect(notes[2]).toBe('no room: starts it again');
    expect(notes.at(-1)).toBe(`the server of this run has ended with code 1: ${String(server.lost.reason)}`);
  });

  it('is stopped with its run, and then not started again', async () => {
    const started: Running[] = [];
    const start = (): Promise<Server> => {
      const server = new Running();
      started.push(server);
      return Promise.resolve(server);
    };
    const server = await keepRunning(
      start,
      new NoPauses(4, (times) => `it has failed ${times} times`),
      () => undefined,
    );
    await server[Symbol.asyncDispose]();
    expect(await started[0]?.ended).toBe(0);
    expect(started).toHaveLength(1);
    expect(server.lost.aborted).toBe(false);
  });
});
