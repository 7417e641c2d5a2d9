import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { type Cairn, startEmbedded, startOver } from '../harness/cairn-process.js';
import { type SecuredBroker, startSecuredBroker } from '../harness/secured-broker.js';
import { VARIABLES } from '../harness/test-cluster.js';
import { type Got, SseFollower } from '../harness/sse-follower.js';
import { expectSame, gotOf, historyOf, type Told, untilAllCame } from '../harness/told-history.js';
import { Mortal } from './mortal.js';
import { Random } from './random.js';

/** `npm run chaos` kills 200 times. */
const KILLS = Number(process.env['FEED_KILLS'] ?? 8);
/** Of an embedded Cairn, which is a single process. */
const KILLS_EMBEDDED = Math.ceil(KILLS / 5);
const SEED = 20261129;
/** Everything runs at most this long before the next kill. */
const LIFE_MS = 700;
/** Share of the kills that end everything at once, as a power failure does. */
const ALL_SHARE = 0.2;

const ADMINISTRATOR = 'password of the administrator';
const SUBSCRIBER = { name: 'ledger-of-tests', password: 'password of the subscriber' };
const WRITER = resolve('build/libs/ledger/src/testing/write-history.js');

/** What JetStream holds, by a consumer that reads from the first message on. */
const feedOf = async ({ port, ca }: SecuredBroker, count: number): Promise<readonly Got[]> => {
  const connection = await connect({
    ...{ servers: `127.0.0.1:${port}`, user: 'administrator', pass: ADMINISTRATOR, tls: { caFile: ca } },
  });
  const got: Got[] = [];
  const consumer = await jetstream(connection).consumers.get('CAIRN_EVENTS');
  for await (const message of await consumer.consume()) {
    expect(message.seq).toBe(got.length + 1);
    const { id, sequence } = message.json<{ readonly id: string; readonly sequence: string }>();
    expect(message.headers?.get('Nats-Msg-Id')).toBe(id);
    got.push({ id, cursor: sequence });
    if (got.length >= count) break;
  }
  await connection.close();
  return got;
};

const isOfUnits = ({ stream }: Told): boolean => stream.startsWith('work-');

/** What the subscriber has in its table, with the number of the message as cursor. */
const rowsOf = (file: string): readonly Got[] => {
  const database = new DatabaseSync(file, { readOnly: true });
  const rows = database.prepare('SELECT id, sequence FROM event ORDER BY sequence').all();
  database.close();
  return rows.map(({ id, sequence }) => ({ id: String(id), cursor: String(sequence) }));
};

describe('the feed, with everything killed at random moments', () => {
  let folder: string;
  let broker: SecuredBroker | undefined;
  let cairn: Cairn | undefined;
  let mortals: readonly Mortal[] = [];
  /** Ends the following of a test, also of one that fails. */
  let stop: AbortController;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cairn-feed-'));
  });

  beforeEach(() => {
    stop = new AbortController();
  });

  afterEach(async () => {
    stop.abort();
    await Promise.all(mortals.map((mortal) => mortal.kill()));
    await cairn?.remove();
    await broker?.remove();
    [cairn, broker, mortals] = [undefined, undefined, []];
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it(`is told every event once and in order over NATS, despite ${KILLS} kills`, async () => {
    const own = await startSecuredBroker({ subscriber: SUBSCRIBER, administrator: ADMINISTRATOR });
    broker = own;
    const running = await startOver(own, VARIABLES, ['events', 'auth']);
    cairn = running;
    const writer = new Mortal([WRITER, running.dataDir, 'w']);
    const table = join(folder, 'events.sqlite');
    const subscriber = new Mortal([resolve('examples/subscriber/subscriber.mjs')], {
      ...{ NATS_URL: `tls://${SUBSCRIBER.name}:${encodeURIComponent(SUBSCRIBER.password)}@127.0.0.1:${own.port}` },
      ...{ NATS_TLS_CA: own.ca, NAME: SUBSCRIBER.name, TABLE_FILE: table },
    });
    mortals = [writer, subscriber];
    for (const mortal of mortals) mortal.start();
    const token = await running.token({ username: 'root', roles: ['admin'] });
    const follower = new SseFollower(running, token);
    const following = follower.follow(stop.signal);

    const random = new Random(SEED);
    const restart = {
      ...Object.fromEntries(
        ['events', 'gateway', 'auth'].map((name) => [
          name,
          () => running.restart({ only: [name], signal: 'SIGKILL', meanwhile: () => delay(random.below(LIFE_MS)) }),
        ]),
      ),
      broker: async () => {
        await own.stop('SIGKILL');
        await delay(random.below(LIFE_MS));
        await own.restart();
      },
      ...Object.fromEntries(
        Object.entries({ writer, subscriber }).map(([name, mortal]) => [
          name,
          async () => {
            await mortal.kill();
            await delay(random.below(LIFE_MS));
            mortal.start();
          },
        ]),
      ),
    };
    const names = Object.keys(restart) as (keyof typeof restart)[];
    for (let kills = 0; kills < KILLS;) {
      await delay(random.below(LIFE_MS));
      const victim = random.pick(names);
      const victims = victim === undefined || random.next() < ALL_SHARE ? names : [victim];
      await Promise.all(victims.map((name) => restart[name]()));
      kills += victims.length;
    }
    await writer.kill();

    const history = await historyOf(running);
    expect(history.length).toBeGreaterThan(KILLS);
    await untilAllCame(() => follower.got.length, history.length);
    stop.abort();
    await following;
    expectSame(follower.got, gotOf(history));
    expectSame(await feedOf(own, history.length), gotOf(history));

    const ofUnits = history.map((told, index) => ({ ...told, cursor: String(index + 1) })).filter(isOfUnits);
    await untilAllCame(() => rowsOf(table).length, ofUnits.length);
    expectSame(rowsOf(table), gotOf(ofUnits));
    // A repeat would have ended it.
    expect({ isRunning: subscriber.isRunning, complaints: subscriber.complaints }).toMatchObject({ isRunning: true });
  }, 3_600_000);

  it(`is told every event once and in order by an embedded Cairn, despite ${KILLS_EMBEDDED} kills`, async () => {
    const running = await startEmbedded(VARIABLES);
    cairn = running;
    const writer = new Mortal([WRITER, running.dataDir, 'w']);
    mortals = [writer];
    writer.start();
    const token = await running.token({ username: 'root', roles: ['admin'] });
    const follower = new SseFollower(running, token);
    const following = follower.follow(stop.signal);
    const random = new Random(SEED + 1);
    for (let kills = 0; kills < KILLS_EMBEDDED; kills += 1) {
      await delay(random.below(LIFE_MS));
      if (random.next() < ALL_SHARE) await writer.kill();
      await running.restart({ signal: 'SIGKILL' });
      if (!writer.isRunning) writer.start();
    }
    await writer.kill();
    const history = await historyOf(running);
    await untilAllCame(() => follower.got.length, history.length);
    stop.abort();
    await following;
    expectSame(follower.got, gotOf(history));
  }, 3_600_000);
});
