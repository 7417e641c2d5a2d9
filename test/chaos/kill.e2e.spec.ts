import { verifyChain } from '#ledger/hash-chain.js';
import { openLedger } from '#ledger/open-ledger.js';
import { Embedded } from '../support/embedded.js';
import { Random } from './random.js';
import { Worker } from './worker.js';

const ROUNDS = 50;
const WORKERS = 8;
const SEED = 20261120;
/** The longest that one life of the process lasts. */
const LIFE_MS = 700;

describe('embedded Cairn, killed while it works', () => {
  let cairn: Embedded;

  beforeEach(() => {
    cairn = new Embedded();
  });

  afterEach(() => cairn.remove());

  it(`keeps what it acknowledged, once, through ${ROUNDS} kills at random moments`, async () => {
    const random = new Random(SEED);
    const workers = Array.from(
      { length: WORKERS },
      (_, index) => new Worker(cairn, `worker-${index}`, new Random(SEED + 1 + index)),
    );
    let events = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      await cairn.start();
      // What was under way at the kill is asked again with its old key; then everything must be as it was acknowledged.
      await Promise.all(workers.map((worker) => worker.settle()));
      await Promise.all(workers.map((worker) => worker.check()));

      const stop = new AbortController();
      const working = workers.map((worker) => worker.work(stop.signal));
      const killed = new Promise<void>((settle, refuse) => {
        setTimeout(() => {
          cairn.kill().then(settle, refuse);
        }, random.below(LIFE_MS));
      });
      await Promise.all([killed, ...working]);

      const ledger = await openLedger({ dataDir: cairn.dataDir });
      const report = await verifyChain(ledger);
      await ledger.close();
      expect(report.faults).toEqual([]);
      expect(report.events).toBeGreaterThanOrEqual(events);
      events = report.events;
    }
    await cairn.start();
    await Promise.all(workers.map((worker) => worker.settle()));
    await Promise.all(workers.map((worker) => worker.check()));
    const acknowledged = workers.reduce((sum, worker) => sum + worker.acknowledged, 0);
    expect(acknowledged).toBeGreaterThan(ROUNDS * WORKERS);
  }, 800_000);
});
