import { verifyChain } from '#ledger/hash-chain.js';
import { EventStoreDbDouble } from '#ledger/testing/eventstoredb-double.js';
import { type Cairn, type Mode, MODES } from '../harness/cairn-process.js';
import { openTestLedger } from '../harness/open-test-ledger.js';
import { useTestCluster, VARIABLES } from '../harness/test-cluster.js';
import { PANDA_VARIABLES } from '../compat/panda/panda-client.js';
import { PandaWorker } from './panda-worker.js';
import { Random } from './random.js';
import { TorcWorker } from './torc-worker.js';
import { Worker } from './worker.js';

/** `CHAOS_ROUNDS=500 npm run chaos` kills for longer; its first rounds are always the same. */
const ROUNDS = Number(process.env['CHAOS_ROUNDS'] ?? 6);
/** Each round takes longer with separate processes. */
const ROUNDS_OVER_NATS = Math.floor(ROUNDS / 2);
/** Of IceProd's API. */
const WORKERS = 6;
const TORC_WORKERS = 3;
const PANDA_WORKERS = 3;
const SEED = 20261120;
/** A process runs at most this long before the next kill. */
const LIFE_MS = 700;
/** Rounds with the double of EventStoreDB, where appends and subscriptions fail as well. */
const ROUNDS_ON_DOUBLE = 2;
/** Each fault happens in so many of the rounds. */
const FAULT_SHARE = 0.5;
const FAULTS = ['stands but drops', 'stands but times out', 'not ready', 'times out'] as const;

/** Share of the kills that end all processes at once, as a power failure does. */
const ALL_SHARE = 0.25;

const victimsAmong = (processes: readonly string[], random: Random): readonly string[] => {
  const victim = random.pick(processes);
  return victim === undefined || random.next() < ALL_SHARE ? processes : [victim];
};

interface Campaign {
  readonly name: string;
  readonly mode: Mode;
  readonly rounds: number;
  readonly isOnDouble: boolean;
}

const CAMPAIGNS = MODES.flatMap((mode): readonly Campaign[] => [
  { name: mode.mode, mode, rounds: mode.isDistributed ? ROUNDS_OVER_NATS : ROUNDS, isOnDouble: false },
  {
    name: `${mode.mode}, on a double of EventStoreDB that fails`,
    mode,
    rounds: ROUNDS_ON_DOUBLE,
    isOnDouble: true,
  },
]);

describe.each(CAMPAIGNS)('Cairn, killed at random moments ($name)', ({ mode, rounds, isOnDouble }) => {
  let double: EventStoreDbDouble | undefined;
  const cluster = useTestCluster(mode, async () => {
    const variables = { ...VARIABLES, ...PANDA_VARIABLES };
    if (!isOnDouble) return variables;
    double = await EventStoreDbDouble.start();
    return { ...variables, EVENTSTORE_URL: double.url };
  });

  afterAll(() => double?.stop());

  const killSoon = async (cairn: Cairn, random: Random): Promise<void> => {
    await new Promise((resume) => setTimeout(resume, random.below(LIFE_MS)));
    await cairn.restart({ only: victimsAmong([...cairn.pids().keys()], random), signal: 'SIGKILL' });
  };

  it(`applies every acknowledged change exactly once despite ${rounds} kills`, async () => {
    const { cairn, anonymous } = cluster();
    const client = anonymous.as(await cairn.token({ username: 'grid', roles: ['admin', 'system'] }));
    const random = new Random(SEED);
    const ofIceprod = Array.from(
      { length: WORKERS },
      (_, index) => new Worker(client, `worker-${index}`, new Random(SEED + 1 + index)),
    );
    const ofTorc = Array.from(
      { length: TORC_WORKERS },
      (_, index) => new TorcWorker(client, `torc-${index}`, new Random(SEED + 1001 + index)),
    );
    const ofPanda = Array.from(
      { length: PANDA_WORKERS },
      (_, index) => new PandaWorker(anonymous, `panda${index}`, new Random(SEED + 2001 + index)),
    );
    const workers = [...ofIceprod, ...ofTorc, ...ofPanda];
    for (let round = 0; round < rounds; round += 1) {
      const stop = new AbortController();
      double?.failNextAppends(...FAULTS.filter(() => random.next() < FAULT_SHARE));
      double?.dropSubscriptions();
      const all = [
        killSoon(cairn, random).finally(() => stop.abort()),
        ...workers.map((worker) => worker.work(stop.signal)),
      ];
      // All workers must end before the test may fail, so that none outlives it.
      await Promise.allSettled(all);
      await Promise.all(all);
      // Requests interrupted by the kill are repeated with their keys. After that, every acknowledged change must be visible.
      await Promise.all(workers.map((worker) => worker.settle()));
      await Promise.all(workers.map((worker) => worker.check()));
    }
    for (const some of [ofIceprod, ofTorc, ofPanda]) {
      const acknowledged = some.reduce((sum, worker) => sum + worker.acknowledged, 0);
      expect(acknowledged).toBeGreaterThan(rounds * some.length);
    }
    const ledger = await openTestLedger(cairn, double?.url);
    const report = await verifyChain(ledger);
    await ledger.close();
    expect(report.faults).toEqual([]);
    expect(report.events).toBeGreaterThan(0);
  }, 3_600_000);
});
