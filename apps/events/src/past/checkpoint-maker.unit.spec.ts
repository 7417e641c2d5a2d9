import { setImmediate as turn } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { Environment } from '#platform/environment.js';
import type { LongStream } from '../index/history-index.js';
import { CheckpointMaker } from './checkpoint-maker.js';

const STREAMS: readonly LongStream[] = [
  { stream: 'work-iceprod.main.broken', events: 30_000 },
  { stream: 'work-iceprod.main.whole', events: 30_000 },
];

const index = {
  isBehind: false,
  caughtUp: () => new Promise<void>(() => undefined),
  async *longStreams(prefix: string): AsyncGenerator<LongStream, void, void> {
    await turn();
    yield* STREAMS.filter(({ stream }) => stream.startsWith(prefix));
  },
};

const asked: string[] = [];

/** Its process cannot show one of the workloads. */
class Maker extends CheckpointMaker {
  protected override startProcess(): ReturnType<CheckpointMaker['startProcess']> {
    return {
      send: (order) => {
        const ref = order.kind === 'keep' ? order.past.ref : order.kind;
        asked.push(ref);
        return ref.endsWith('broken') ? Promise.reject(new Error('broken')) : Promise.resolve(undefined);
      },
      stop: () => Promise.resolve(),
    };
  }
}

describe('CheckpointMaker', () => {
  const warnings: object[] = [];
  let maker: CheckpointMaker;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
    const log = { debug: () => {}, info: () => {}, warn: (fields: object) => warnings.push(fields), error: () => {} };
    maker = new Maker(
      index,
      { prepare: () => undefined },
      { head: () => Promise.resolve(60_000) },
      new Environment(),
      log,
    );
    maker.onApplicationBootstrap();
  });

  afterEach(() => jest.useRealTimers());

  const pass = async (ms: number): Promise<void> => {
    jest.advanceTimersByTime(ms);
    for (let turns = 0; turns < 10; turns++) await turn();
  };

  it('makes those of the other workloads when one cannot be shown, each once', async () => {
    await pass(5_000);
    await pass(60_000);
    expect(asked).toEqual(['iceprod.main.broken', 'iceprod.main.whole']);
    expect(warnings).toMatchObject([{ stream: 'work-iceprod.main.broken' }]);
    await maker.onModuleDestroy();
  });

  it('ends at once while the index is being rebuilt', async () => {
    index.isBehind = true;
    await pass(5_000);
    await maker.onModuleDestroy();
  });
});
