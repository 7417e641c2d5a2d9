import { finalizeReported } from './finalize-reported.js';

const numbers = (from: number, count: number): readonly number[] => Array.from({ length: count }, (_, at) => from + at);

describe('jobs whose final report waits', () => {
  /** @returns which are finalized, and how many attempts that takes */
  const round = async (
    waiting: number[],
    isFinalizable: (pandaId: number) => boolean,
    failed = new Set<number>(),
  ): Promise<{
    readonly finalized: readonly number[];
    readonly attempts: number;
    readonly failed: readonly number[];
  }> => {
    const [finalized, tried]: [number[], number[]] = [[], []];
    const finalize = (pandaId: number): Promise<boolean> => {
      tried.push(pandaId);
      if (!isFinalizable(pandaId)) return Promise.resolve(false);
      finalized.push(...waiting.splice(waiting.indexOf(pandaId), 1));
      return Promise.resolve(true);
    };
    const reported = { waiting: (limit: number) => waiting.slice(0, limit), finalize, isStopped: () => false };
    await finalizeReported(reported, failed);
    return { finalized, attempts: tried.length, failed: [...failed] };
  };

  it('are all finalized', async () => {
    const ids = numbers(1, 450);
    expect(await round([...ids], () => true)).toEqual({ finalized: ids, attempts: 450, failed: [] });
  });

  it('do not wait for those before them that fail, which are tried once', async () => {
    const ids = numbers(1, 900);
    const bad = (pandaId: number): boolean => pandaId <= 250 || pandaId === 600;
    const { finalized, attempts, failed } = await round([...ids], (pandaId) => !bad(pandaId));
    expect(failed).toEqual(ids.filter(bad));
    expect(finalized).toEqual(ids.filter((pandaId) => !bad(pandaId)));
    expect(attempts).toBe(900);
  });

  it('are passed over when they have failed before', async () => {
    const outcome = await round([1, 2, 3], () => true, new Set([2]));
    expect(outcome).toEqual({ finalized: [1, 3], attempts: 2, failed: [2] });
  });

  it('all wait when all fail', async () => {
    const { finalized, attempts } = await round([...numbers(1, 5_000)], () => false);
    expect([finalized, attempts]).toEqual([[], 1_000]);
  });
});
