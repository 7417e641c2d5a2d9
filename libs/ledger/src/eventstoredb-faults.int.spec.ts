import { randomUUID } from 'node:crypto';
import { LedgerUnavailable, OutcomeUnknown, RevisionConflict } from './errors.js';
import { EventStoreDbLedger } from './eventstoredb-ledger.js';
import { type Batch, NO_STREAM, type RecordedEvent, START } from './ledger.js';
import { EventStoreDbDouble } from './testing/eventstoredb-double.js';
import { bulkEvents, someEvent } from './testing/new-events.js';

/** The server gives an append up after 2 s; Cairn must know sooner. */
const SOONER_THAN_SERVER_MS = 1900;

const streamName = (): string => `work-fault.${randomUUID()}`;

const elapsedMs = async (work: () => Promise<unknown>): Promise<number> => {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
};

const collect = async (batches: AsyncIterable<Batch>, count: number): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = [];
  for await (const batch of batches) {
    events.push(...batch.events);
    if (events.length >= count) break;
  }
  return events;
};

/** Resolves when the condition holds. */
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resume) => setTimeout(resume, 5));
};

describe('EventStoreDB with faults', () => {
  let double: EventStoreDbDouble;
  let ledger: EventStoreDbLedger;
  const rejections: unknown[] = [];
  const note = (reason: unknown): void => void rejections.push(reason);

  const open = async (nodes: number): Promise<void> => {
    double = await EventStoreDbDouble.start({ nodes });
    ledger = EventStoreDbLedger.open(double.url);
  };

  beforeAll(() => process.on('unhandledRejection', note));
  afterAll(() => process.off('unhandledRejection', note));

  afterEach(async () => {
    double.thaw();
    await ledger.close();
    double.stop();
    expect(rejections.splice(0)).toEqual([]);
  });

  describe('an append', () => {
    beforeEach(() => open(1));

    it.each([1, 3])(
      'of %i events is read back until the server was seen to tell the position of the last',
      async (count) => {
        const stream = streamName();
        let revision = NO_STREAM;
        const readings = async (): Promise<number> => {
          const before = double.streamReadCount;
          const events = Array.from({ length: count }, () => someEvent());
          const appended = await ledger.append(stream, revision, events);
          const after = double.streamReadCount;
          revision = appended.revision;
          expect((await ledger.readStream(stream)).at(-1)?.position).toBe(appended.position);
          return after - before;
        };
        expect(await readings()).toBeGreaterThan(0);
        // A slow answer is looked for in the stream too.
        while ((await readings()) > 0);
      },
    );

    it.each(['stands but times out', 'stands but drops'] as const)('that %s is answered as appended', async (fault) => {
      const stream = streamName();
      double.failNextAppends(fault);
      const append = async (): Promise<void> => {
        expect(await ledger.append(stream, NO_STREAM, [someEvent()])).toMatchObject({ revision: 0 });
      };
      expect(await elapsedMs(append)).toBeLessThan(SOONER_THAN_SERVER_MS);
      expect(await ledger.readStream(stream)).toHaveLength(1);
    });

    it('that an equal append overtakes is answered before the server gives it up', async () => {
      const stream = streamName();
      const events = [someEvent(), someEvent()];
      const append = async (): Promise<void> => {
        const [one, two] = await Promise.all([1, 2].map(() => ledger.append(stream, NO_STREAM, events)));
        expect(one).toEqual(two);
      };
      expect(await elapsedMs(append)).toBeLessThan(SOONER_THAN_SERVER_MS);
      expect(await ledger.readStream(stream)).toHaveLength(2);
    });

    it.each(['times out', 'not ready'] as const)(
      'that %s has an unknown outcome, and can be repeated',
      async (fault) => {
        const stream = streamName();
        const event = someEvent();
        double.failNextAppends(fault);
        await expect(ledger.append(stream, NO_STREAM, [event])).rejects.toBeInstanceOf(OutcomeUnknown);
        expect(await ledger.append(stream, NO_STREAM, [event])).toMatchObject({ revision: 0 });
        expect(await ledger.readStream(stream)).toHaveLength(1);
      },
    );

    it('that is not answered surely did not happen when others stand in its place', async () => {
      const stream = streamName();
      await ledger.append(stream, NO_STREAM, [someEvent()]);
      double.failNextAppends('not ready');
      const late = ledger.append(stream, NO_STREAM, [someEvent(), someEvent()]);
      await expect(late).rejects.toEqual(new RevisionConflict(stream, NO_STREAM, 0));
    });

    it('that the server refuses surely did not happen', async () => {
      const stream = streamName();
      double.failNextAppends('refused');
      await expect(ledger.append(stream, NO_STREAM, [someEvent()])).rejects.toBeInstanceOf(LedgerUnavailable);
      expect(await ledger.readStream(stream)).toHaveLength(0);
    });

    it('gets its own answer when answers come in another order', async () => {
      const [first, second] = [streamName(), streamName()];
      double.failNextAppends('answered last');
      const [one, two] = await Promise.all([
        ledger.append(first, NO_STREAM, [someEvent(), someEvent(), someEvent()]),
        ledger.append(second, NO_STREAM, [someEvent()]),
      ]);
      expect([one.revision, two.revision]).toEqual([2, 0]);
      for (const [stream, { position }] of [
        [first, one],
        [second, two],
      ] as const) {
        expect((await ledger.readStream(stream)).at(-1)?.position).toBe(position);
      }
    });

    it('is repeated after a freeze of the server and happens once', async () => {
      const stream = streamName();
      const event = someEvent();
      double.freeze();
      const appended = ledger.append(stream, NO_STREAM, [event]);
      await new Promise((resume) => setTimeout(resume, 600));
      double.thaw();
      const first = await appended;
      expect(await ledger.append(stream, NO_STREAM, [event])).toEqual(first);
      expect(await ledger.readStream(stream)).toHaveLength(1);
    });
  });

  describe('a cluster', () => {
    beforeEach(() => open(3));

    it('is used again after an election, during which followers name the last leader', async () => {
      const stream = streamName();
      const event = someEvent();
      await ledger.append(stream, NO_STREAM, [someEvent()]);
      double.startElection();
      double.stopNode(0);
      await expect(ledger.append(stream, 0, [event])).rejects.toThrow();
      double.elect(2);
      for (;;) {
        const appended = await ledger.append(stream, 0, [event]).catch(() => undefined);
        if (appended !== undefined) break;
      }
      expect(await ledger.readStream(stream)).toHaveLength(2);
    });

    it('is used again when the node that was asked knows no leader any more', async () => {
      const stream = streamName();
      const event = someEvent();
      await ledger.append(stream, NO_STREAM, [someEvent()]);
      double.isolate(0);
      double.elect(2);
      let outcome: unknown;
      for (let attempt = 0; attempt < 10; attempt++) {
        outcome = await ledger.append(stream, 0, [event]).catch((error: unknown) => error);
      }
      expect(outcome).toMatchObject({ revision: 1 });
      expect(await ledger.readStream(stream)).toHaveLength(2);
    });

    it('leaves no rejection behind when discovery fails while several calls are under way', async () => {
      await ledger.append(streamName(), NO_STREAM, [someEvent()]);
      double.freeze();
      const calls = [1, 2, 3].map(() => ledger.append(streamName(), NO_STREAM, [someEvent()]));
      const reading = ledger.readStream(streamName());
      const settled = Promise.allSettled([...calls, reading]);
      double.failGossip(true);
      for (const index of [0, 1, 2]) double.stopNode(index);
      await settled;
      // The rejection came when the next channel could not be opened.
      await expect(ledger.head()).rejects.toThrow('Failed to discover');
    });
  });

  describe('a subscription', () => {
    beforeEach(() => open(1));

    it.each(['connection', 'too slow'] as const)('continues where it was dropped (%s)', async (why) => {
      const stream = streamName();
      const following = collect(ledger.subscribe(), 3);
      await ledger.append(stream, NO_STREAM, [someEvent()]);
      await until(() => double.subscriptionCount === 1);
      double.dropSubscriptions(why);
      await ledger.append(stream, 0, [someEvent()]);
      await ledger.append(stream, 1, [someEvent()]);
      expect((await following).map(({ revision }) => revision)).toEqual([0, 1, 2]);
    });

    it('that has gone silent is opened anew', async () => {
      const stream = streamName();
      const following = collect(ledger.subscribe(), 2);
      await until(() => double.subscriptionCount === 1);
      await ledger.append(stream, NO_STREAM, [someEvent()]);
      double.silenceSubscriptions();
      await ledger.append(stream, 0, [someEvent()]);
      expect((await following).map(({ revision }) => revision)).toEqual([0, 1]);
    });

    it('is one for all followers in the process, each of which gets what it wants', async () => {
      const [mine, others] = [streamName(), streamName()];
      const followers = [[mine], [others], [mine, others]].map((streamPrefixes) =>
        collect(ledger.subscribe({ streamPrefixes }), streamPrefixes.length * 2),
      );
      for (const stream of [mine, others]) await ledger.append(stream, NO_STREAM, [someEvent()]);
      await until(() => double.subscriptionCount === 1);
      for (const stream of [mine, others]) await ledger.append(stream, 0, [someEvent()]);
      const got = (await Promise.all(followers)).map((events) => events.map(({ stream }) => stream));
      expect(got).toEqual([
        [mine, mine],
        [others, others],
        [mine, others, mine, others],
      ]);
    });

    it('takes what somebody wants only, and gets to a position that is awaited beyond it', async () => {
      const [mine, others] = [streamName(), streamName()];
      const controller = new AbortController();
      const batches = ledger.subscribe({ streamPrefixes: [mine], signal: controller.signal })[Symbol.asyncIterator]();
      let next = batches.next();
      await ledger.append(mine, NO_STREAM, [someEvent()]);
      expect(await next).toMatchObject({ value: { events: [{ stream: mine }] } });
      next = batches.next();
      await until(() => double.subscriptionCount === 1);
      const sent = double.followedCount;
      const { position } = await ledger.append(others, NO_STREAM, [someEvent(), someEvent()]);
      ledger.pollNow(position);
      expect(await next).toEqual({ done: false, value: { events: [], upTo: position } });
      expect(double.followedCount).toBe(sent);
      // A follower that wants more gets it from its own place on; nothing is lost or doubled for the first.
      const both = collect(ledger.subscribe({ streamPrefixes: [others] }), 3);
      next = batches.next();
      await ledger.append(mine, 0, [someEvent()]);
      await ledger.append(others, 1, [someEvent()]);
      expect(await next).toMatchObject({ value: { events: [{ stream: mine, revision: 1 }] } });
      expect((await both).map(({ revision }) => revision)).toEqual([0, 1, 2]);
      controller.abort();
      await batches.return?.();
    });

    it('lets a follower join that is further behind than what is kept', async () => {
      const stream = streamName();
      const controller = new AbortController();
      const first = collect(ledger.subscribe({ signal: controller.signal }), Infinity);
      let revision = NO_STREAM;
      for (let round = 0; round < 10; round++) {
        ({ revision } = await ledger.append(
          stream,
          revision,
          Array.from({ length: 300 }, () => someEvent()),
        ));
      }
      expect(await collect(ledger.subscribe({ streamPrefixes: [stream] }), 3000)).toHaveLength(3000);
      controller.abort();
      await first;
    });
  });

  describe('a reading', () => {
    beforeEach(() => open(1));

    it('finds no event where none begins, which the server refuses', async () => {
      const { position } = await ledger.append(streamName(), NO_STREAM, [someEvent()]);
      await ledger.append(streamName(), NO_STREAM, [someEvent()]);
      expect(await ledger.eventAt(position + 1)).toBeUndefined();
      expect((await ledger.eventAt(position))?.position).toBe(position);
    });

    it('hands over few large events at once', async () => {
      const stream = streamName();
      const [perAppend, events] = [8, bulkEvents(9 * 1024 * 1024, 'bulk')];
      const { position } = await ledger.append(streamName(), NO_STREAM, [someEvent()]);
      for (let at = 0; at < events.length; at += perAppend)
        await ledger.append(stream, at - 1, events.slice(at, at + perAppend));
      for (const after of [START, position]) {
        const sizes: number[] = [];
        for await (const batch of ledger.readAll({ after, streamPrefixes: [stream] })) sizes.push(batch.events.length);
        expect(sizes.reduce((sum, size) => sum + size)).toBe(events.length);
        expect(Math.max(...sizes)).toBeLessThan(events.length / 2 + perAppend);
      }
    });
  });

  describe('close', () => {
    beforeEach(() => open(1));

    it('ends soon, with a subscription, a reading and an append that are never answered', async () => {
      const following = collect(ledger.subscribe(), Infinity);
      await until(() => double.subscriptionCount === 1);
      double.freeze();
      const reading = ledger.readStream(streamName()).catch(() => []);
      const appending = ledger.append(streamName(), NO_STREAM, [someEvent()]).catch((error: unknown) => error);
      expect(await elapsedMs(() => ledger.close())).toBeLessThan(3000);
      await Promise.all([following, reading]);
      double.thaw();
      expect(await appending).toBeInstanceOf(Error);
      await until(() => double.subscriptionCount === 0);
    });
  });
});
