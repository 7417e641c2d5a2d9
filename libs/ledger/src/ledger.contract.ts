import { randomUUID } from 'node:crypto';
import { AppendTooLarge, EventTooLarge, LedgerUnavailable, RevisionConflict, TransferRefused } from './errors.js';
import { eventHash, GENESIS, verifyChain, verifyStream } from './hash-chain.js';
import {
  APPEND_BYTES_MAX,
  type Batch,
  EVENT_BYTES_MAX,
  type Ledger,
  type NewEvent,
  NO_STREAM,
  type RecordedEvent,
  type SubscribeOptions,
  type TransferredEvent,
} from './ledger.js';
import {
  abandonUnsealed,
  appendStaged,
  batchOf,
  BATCH_ABANDONED,
  BATCH_SEALED,
  readSealedParts,
} from './staged-batch.js';
import { bulkEvents, someEvent, someMetadata } from './testing/new-events.js';

const collectAll = async (batches: AsyncIterable<Batch>): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = [];
  for await (const batch of batches) events.push(...batch.events);
  return events;
};

/** Follows until so many events have come, and whatever else came with the last of them. */
const follow = async (ledger: Ledger, options: SubscribeOptions, count: number): Promise<readonly RecordedEvent[]> => {
  const events: RecordedEvent[] = [];
  for await (const batch of ledger.subscribe(options)) {
    events.push(...batch.events);
    if (events.length >= count) break;
  }
  return events;
};

/** Events as another ledger would have recorded them, of the streams named, in this order. */
const recordedElsewhere = (streams: readonly string[]): readonly TransferredEvent[] => {
  const heads = new Map<string, { revision: number; hash: string }>();
  return streams.map((stream, n) => {
    const { revision, hash } = heads.get(stream) ?? { revision: NO_STREAM, hash: GENESIS };
    const { id, type } = someEvent();
    // No text that Cairn would write: what comes from elsewhere is kept as it is.
    const event = { stream, revision: revision + 1, id, type, data: `{ "n" : ${n}.0 }`, metadata: `{"actor": "é"}` };
    const next = { ...event, hash: eventHash(hash, event) };
    heads.set(stream, next);
    return next;
  });
};

const withoutPosition = (event: RecordedEvent): TransferredEvent => {
  const { stream, revision, id, type, data, metadata, hash } = event;
  return { stream, revision, id, type, data, metadata, hash };
};

/**
 * What every ledger does. `open` opens the same store each time, as another process would. The store may hold anything
 * before: each test has streams of its own.
 */
export const ledgerContract = (name: string, open: () => Promise<Ledger>): void => {
  describe(`Ledger: ${name}`, () => {
    let ledger: Ledger;
    let other: Ledger;
    let prefix: string;
    let stream: string;

    beforeAll(async () => {
      ledger = await open();
      other = await open();
    });

    afterAll(async () => {
      await ledger.close();
      await other.close();
    });

    beforeEach(() => {
      prefix = `work-contract.${randomUUID()}.`;
      stream = `${prefix}main`;
    });

    describe('append', () => {
      it('numbers the events of a stream from 0 and answers revision and position of the last', async () => {
        const first = await ledger.append(stream, NO_STREAM, [someEvent(), someEvent()]);
        const second = await ledger.append(stream, first.revision, [someEvent()]);
        expect([first.revision, second.revision]).toEqual([1, 2]);
        const events = await ledger.readStream(stream);
        expect(events.map(({ revision }) => revision)).toEqual([0, 1, 2]);
        expect(events[1]?.position).toBe(first.position);
        expect(events[2]?.position).toBe(second.position);
        expect(await ledger.head()).toBe(second.position);
      });

      it('refuses a wrong revision with both revisions, and appends nothing', async () => {
        await ledger.append(stream, NO_STREAM, [someEvent(), someEvent()]);
        const absent = `${prefix}absent`;
        const attempts: readonly [string, number, number][] = [
          [stream, NO_STREAM, 1],
          [stream, 0, 1],
          [stream, 7, 1],
          [absent, 0, NO_STREAM],
        ];
        for (const [name, expectedRevision, actualRevision] of attempts) {
          const refused = ledger.append(name, expectedRevision, [someEvent()]);
          await expect(refused).rejects.toBeInstanceOf(RevisionConflict);
          await expect(refused).rejects.toMatchObject({ stream: name, expectedRevision, actualRevision });
        }
        expect(await ledger.readStream(stream)).toHaveLength(2);
        expect(await ledger.readStream(absent)).toHaveLength(0);
      });

      it('refuses what is no revision', async () => {
        await expect(ledger.append(stream, -2, [someEvent()])).rejects.toBeInstanceOf(TypeError);
        await expect(ledger.append(stream, 0.5, [someEvent()])).rejects.toBeInstanceOf(TypeError);
      });

      it('lets one of two appends to the same revision through', async () => {
        const outcomes = await Promise.allSettled([
          ledger.append(stream, NO_STREAM, [someEvent()]),
          ledger.append(stream, NO_STREAM, [someEvent()]),
          other.append(stream, NO_STREAM, [someEvent()]),
        ]);
        expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        for (const outcome of outcomes) {
          if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(RevisionConflict);
        }
        expect(await ledger.readStream(stream)).toHaveLength(1);
      });

      it('loses and doubles nothing when many append to one stream', async () => {
        const ids = Array.from({ length: 6 }, () => Array.from({ length: 15 }, (): string => randomUUID()));
        const appender = async (mine: readonly string[], through: Ledger): Promise<void> => {
          let revision = NO_STREAM;
          for (const id of mine) {
            for (;;) {
              try {
                ({ revision } = await through.append(stream, revision, [someEvent({}, id)]));
                break;
              } catch (error) {
                if (!(error instanceof RevisionConflict)) throw error;
                revision = error.actualRevision;
              }
            }
          }
        };
        await Promise.all(ids.map((mine, index) => appender(mine, index % 2 === 0 ? ledger : other)));
        const events = await ledger.readStream(stream);
        expect(events.map(({ revision }) => revision)).toEqual(ids.flat().map((_, index) => index));
        expect(events.map(({ id }) => id).sort()).toEqual(ids.flat().sort());
        for (const mine of ids) {
          expect(events.map(({ id }) => id).filter((id) => mine.includes(id))).toEqual(mine);
        }
      });

      it('answers a repeated append as the first time and appends nothing', async () => {
        const events = [someEvent({ n: 1 }), someEvent({ n: 2 })];
        await ledger.append(stream, NO_STREAM, [someEvent()]);
        const first = await ledger.append(stream, 0, events);
        expect(await ledger.append(stream, 0, events)).toEqual(first);
        await ledger.append(stream, first.revision, [someEvent()]);
        expect(await ledger.append(stream, 0, events)).toEqual(first);
        expect(await other.append(stream, 0, events)).toEqual(first);
        expect(await ledger.readStream(stream)).toHaveLength(4);
      });

      it('answers both of two equal appends under way at once', async () => {
        const events = [someEvent(), someEvent()];
        const [one, two] = await Promise.all([
          ledger.append(stream, NO_STREAM, events),
          other.append(stream, NO_STREAM, events),
        ]);
        expect(one).toEqual(two);
        expect(await ledger.readStream(stream)).toHaveLength(2);
      });

      it('takes no append for a repeat that is one only in part', async () => {
        const [first, second] = [someEvent(), someEvent()];
        await ledger.append(stream, NO_STREAM, [first, second]);
        await expect(ledger.append(stream, NO_STREAM, [first, someEvent()])).rejects.toBeInstanceOf(RevisionConflict);
        await expect(ledger.append(stream, NO_STREAM, [first, second, someEvent()])).rejects.toBeInstanceOf(
          RevisionConflict,
        );
        expect(await ledger.readStream(stream)).toHaveLength(2);
      });

      it('refuses an event that is too large, with its size', async () => {
        const tooLarge = { ...someEvent({ text: 'é'.repeat(EVENT_BYTES_MAX / 2) }), type: 'LogStored' };
        const refused = ledger.append(stream, NO_STREAM, [someEvent(), tooLarge]);
        await expect(refused).rejects.toBeInstanceOf(EventTooLarge);
        await expect(refused).rejects.toMatchObject({ stream, type: 'LogStored', bytesMax: EVENT_BYTES_MAX });
        expect(await ledger.readStream(stream)).toHaveLength(0);
      });

      it('refuses an append that is too large, and takes one that just fits', async () => {
        const large = (): NewEvent => someEvent({ text: 'x'.repeat(EVENT_BYTES_MAX - 1024) });
        const fitting = [large(), large(), large(), large()];
        const refused = ledger.append(stream, NO_STREAM, [...fitting, large()]);
        await expect(refused).rejects.toBeInstanceOf(AppendTooLarge);
        await expect(refused).rejects.toMatchObject({ stream, bytesMax: APPEND_BYTES_MAX });
        expect(await ledger.readStream(stream)).toHaveLength(0);
        await expect(ledger.append(stream, NO_STREAM, fitting)).resolves.toMatchObject({ revision: 3 });
      });

      it('refuses an append without events', async () => {
        await expect(ledger.append(stream, NO_STREAM, [])).rejects.toBeInstanceOf(TypeError);
      });
    });

    describe('appendRecorded', () => {
      it('keeps texts, hashes and the order over streams, and answers the position of the last event', async () => {
        const second = `${prefix}second`;
        const events = recordedElsewhere([stream, stream, second, stream, second]);
        const start = await ledger.head();
        const position = await ledger.appendRecorded(events.slice(0, 3));
        expect(await ledger.head()).toBe(position);
        await other.appendRecorded(events.slice(3));
        const all = await collectAll(ledger.readAll({ after: start, streamPrefixes: [prefix] }));
        expect(all.map(withoutPosition)).toEqual(events);
        expect(await verifyChain(other, [prefix])).toEqual({ streams: 2, events: 5, faults: [] });
        await expect(ledger.append(stream, 2, [someEvent()])).resolves.toMatchObject({ revision: 3 });
        expect((await verifyStream(ledger, stream)).faults).toEqual([]);
      });

      it('is followed by subscriptions', async () => {
        const start = await ledger.head();
        const following = follow(ledger, { after: start, streamPrefixes: [prefix] }, 3);
        const events = recordedElsewhere([stream, `${prefix}second`, stream]);
        await ledger.appendRecorded(events);
        expect((await following).map(withoutPosition)).toEqual(events);
      });

      it('takes more in one call than an append may hold', async () => {
        const streams = Array.from({ length: 3000 }, (_, n) => `${prefix}${n % 2}`);
        const text = 'x'.repeat(1000);
        const heads = new Map<string, string>();
        const events = recordedElsewhere(streams).map((event) => {
          const large = { ...event, data: JSON.stringify({ text }) };
          const hash = eventHash(heads.get(event.stream) ?? GENESIS, large);
          heads.set(event.stream, hash);
          return { ...large, hash };
        });
        // Sorted by stream, so that neighbours can go together.
        const sorted = [...events].sort((x, y) => x.stream.localeCompare(y.stream));
        await ledger.appendRecorded(sorted);
        expect(await verifyChain(ledger, [prefix])).toEqual({ streams: 2, events: 3000, faults: [] });
      });

      it('refuses an event whose texts do not give its hash, unless they are known to be rewritten', async () => {
        const [first, second] = recordedElsewhere([stream, stream]);
        if (first === undefined || second === undefined) throw new Error('There are two');
        const changed = { ...first, data: '{"n":1}' };
        const refused = ledger.appendRecorded([changed, second]);
        await expect(refused).rejects.toBeInstanceOf(TransferRefused);
        await expect(refused).rejects.toMatchObject({ stream, revision: 0, kind: 'hash' });
        expect(await ledger.readStream(stream)).toEqual([]);
        await ledger.appendRecorded([{ ...changed, isRewritten: true }, second]);
        expect((await ledger.readStream(stream)).map(withoutPosition)).toEqual([changed, second]);
        expect((await verifyStream(ledger, stream)).faults).toMatchObject([{ revision: 0, kind: 'hash' }]);
      });

      it('refuses an event that does not follow the last one of its stream', async () => {
        const events = recordedElsewhere([stream, stream, stream]);
        const attempts: readonly (readonly TransferredEvent[])[] = [
          events.slice(1),
          [...events.slice(0, 1), ...events],
        ];
        for (const attempt of attempts) {
          const refused = ledger.appendRecorded(attempt);
          await expect(refused).rejects.toBeInstanceOf(TransferRefused);
          await expect(refused).rejects.toMatchObject({ stream, kind: 'gap' });
        }
        await ledger.appendRecorded(events);
        await expect(
          other.appendRecorded(events.slice(0, 1).map((e) => ({ ...e, id: randomUUID() }))),
        ).rejects.toThrow();
        expect(await ledger.readStream(stream)).toHaveLength(3);
      });
    });

    describe('what is kept', () => {
      it('is the text of data and metadata, byte for byte', async () => {
        const data = {
          zeta: 1,
          '7': 'an integer key comes first',
          raw: '{"config": 1.0, "big": 12345678901234567890, "e": 1e400}',
          text: 'line\nfeed "quote" \\ é 漢 🪨 \ud800 \u0000',
          numbers: [0.1, 1e21, -0, 5e-324, Number.MAX_SAFE_INTEGER],
          nothing: null,
          nested: { __proto__: null, empty: {}, list: [] },
        };
        const event = someEvent(data);
        await ledger.append(stream, NO_STREAM, [event]);
        const [recorded] = await other.readStream(stream);
        expect(recorded).toMatchObject({ stream, revision: 0, id: event.id, type: event.type });
        expect(recorded?.data).toBe(JSON.stringify(event.data));
        expect(recorded?.metadata).toBe(JSON.stringify(event.metadata));
        expect((await verifyStream(ledger, stream)).faults).toEqual([]);
      });

      it('is chained by hashes, in each stream', async () => {
        const second = `${prefix}second`;
        const { revision } = await ledger.append(stream, NO_STREAM, [someEvent(), someEvent()]);
        await other.append(stream, revision, [someEvent()]);
        await ledger.append(second, NO_STREAM, [someEvent()]);
        await ledger.append(stream, revision + 1, [someEvent()]);
        expect(await verifyStream(ledger, stream)).toEqual({ streams: 1, events: 4, faults: [] });
        expect(await verifyChain(other, [prefix])).toEqual({ streams: 2, events: 5, faults: [] });
        const hashes = (await ledger.readStream(stream)).map(({ hash }) => hash);
        expect(new Set(hashes).size).toBe(4);
        for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{64}$/);
      });
    });

    describe('readStream', () => {
      it('reads an unknown stream as empty, both ways', async () => {
        expect(await ledger.readStream(stream)).toEqual([]);
        expect(await ledger.readStream(stream, { direction: 'backwards', limit: 1 })).toEqual([]);
      });

      it('reads both ways, from where and as many as wanted', async () => {
        await ledger.append(
          stream,
          NO_STREAM,
          Array.from({ length: 10 }, () => someEvent()),
        );
        const revisions = async (options: Parameters<Ledger['readStream']>[1]): Promise<number[]> =>
          (await ledger.readStream(stream, options)).map(({ revision }) => revision);
        expect(await revisions({})).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        expect(await revisions({ from: 7 })).toEqual([7, 8, 9]);
        expect(await revisions({ from: 2, limit: 3 })).toEqual([2, 3, 4]);
        expect(await revisions({ from: 10 })).toEqual([]);
        expect(await revisions({ direction: 'backwards', limit: 2 })).toEqual([9, 8]);
        expect(await revisions({ direction: 'backwards', from: 2 })).toEqual([2, 1, 0]);
        expect(await revisions({ direction: 'backwards', from: 5, limit: 2 })).toEqual([5, 4]);
        expect(await revisions({ limit: 0 })).toEqual([]);
      });

      it('reads more than a page of events', async () => {
        const count = 1300;
        const last = await ledger.append(
          stream,
          NO_STREAM,
          Array.from({ length: count }, (_, n) => someEvent({ n })),
        );
        expect(last.revision).toBe(count - 1);
        const forwards = await ledger.readStream(stream);
        expect(forwards.map(({ revision }) => revision)).toEqual(Array.from({ length: count }, (_, n) => n));
        const backwards = await ledger.readStream(stream, { direction: 'backwards' });
        expect(backwards).toEqual([...forwards].reverse());
      });
    });

    describe('eventAt', () => {
      it('finds the event at a position, and nothing behind the head', async () => {
        const { position } = await ledger.append(stream, NO_STREAM, [someEvent(), someEvent()]);
        const [, last] = await ledger.readStream(stream);
        expect(await ledger.eventAt(position)).toEqual(last);
        expect(await ledger.eventAt((await ledger.head()) + 1)).toBeUndefined();
      });
    });

    describe('readAll', () => {
      it('reads what passes the filter behind a position, in order, to the head', async () => {
        const streams = [`${prefix}a`, `${prefix}b`, `${prefix.replace('work-', 'access-')}c`, `other-${prefix}d`];
        const start = await ledger.head();
        let from = start;
        for (const [round, revision] of [NO_STREAM, 0, 1].entries()) {
          for (const name of streams) {
            const { position } = await ledger.append(name, revision, [someEvent({ name })]);
            if (round === 0) from = position;
          }
        }
        const read = async (after: number, streamPrefixes: readonly string[]): Promise<string[]> =>
          (await collectAll(ledger.readAll({ after, streamPrefixes }))).map((e) => `${e.stream} ${e.revision}`);
        const [a, b, c] = streams;
        expect(await read(start, [prefix])).toEqual([`${a} 0`, `${b} 0`, `${a} 1`, `${b} 1`, `${a} 2`, `${b} 2`]);
        expect(await read(from, [prefix])).toEqual([`${a} 1`, `${b} 1`, `${a} 2`, `${b} 2`]);
        expect(await read(from, [`${a}`, `${c}`])).toEqual([`${a} 1`, `${c} 1`, `${a} 2`, `${c} 2`]);
        expect(await read(start, [])).toEqual([]);
        const positions = (await collectAll(ledger.readAll({ after: start }))).map(({ position }) => position);
        expect(positions.length).toBeGreaterThanOrEqual(12);
        expect(positions).toEqual([...new Set(positions)].sort((x, y) => x - y));
        expect(positions.every((position) => position > start)).toBe(true);
      });

      it('reports how far it has read, up to the head, also past events that do not match', async () => {
        const start = await ledger.head();
        await ledger.append(stream, NO_STREAM, [someEvent()]);
        const { position } = await ledger.append(`other-${prefix}`, NO_STREAM, [someEvent()]);
        let upTo = start;
        for await (const batch of ledger.readAll({ after: start, streamPrefixes: [prefix] })) {
          expect(batch.upTo).toBeGreaterThanOrEqual(upTo);
          for (const event of batch.events) expect(event.position).toBeLessThanOrEqual(batch.upTo);
          ({ upTo } = batch);
        }
        expect(upTo).toBeGreaterThanOrEqual(position);
      });
    });

    describe('subscribe', () => {
      it('misses and repeats nothing while appends race it', async () => {
        const start = await ledger.head();
        const [writers, appends, perAppend] = [6, 25, 2];
        const total = writers * appends * perAppend;
        const append = async (writer: number, first: number, count: number): Promise<void> => {
          const through = writer % 2 === 0 ? ledger : other;
          for (let n = first; n < first + count; n++) {
            const events = Array.from({ length: perAppend }, () => someEvent({ n }));
            await through.append(`${prefix}${writer}`, n * perAppend - 1, events);
          }
        };
        const numbers = Array.from({ length: writers }, (_, writer) => writer);
        // Some events are appended before the subscriptions begin, the rest while they catch up and then follow.
        await Promise.all(numbers.map((writer) => append(writer, 0, 10)));
        const options = { after: start, streamPrefixes: [prefix] };
        const subscriptions = [ledger, other, ledger].map((through) => follow(through, options, total));
        await Promise.all(numbers.map((writer) => append(writer, 10, appends - 10)));
        const late = follow(other, options, total);
        const expected = await collectAll(ledger.readAll(options));
        expect(expected).toHaveLength(total);
        for (const seen of await Promise.all([...subscriptions, late])) expect(seen).toEqual(expected);
      });

      it('continues behind any position that it has reported', async () => {
        const start = await ledger.head();
        let revision = NO_STREAM;
        for (let n = 0; n < 5; n++) ({ revision } = await ledger.append(stream, revision, [someEvent({ n })]));
        let after = start;
        const seen: number[] = [];
        while (seen.length < 5) {
          for await (const batch of ledger.subscribe({ after, streamPrefixes: [prefix] })) {
            after = batch.events[0]?.position ?? batch.upTo;
            seen.push(...batch.events.slice(0, 1).map((event) => event.revision));
            break;
          }
        }
        expect(seen).toEqual([0, 1, 2, 3, 4]);
      });

      it('delivers events that match the filter and reports its position past the others', async () => {
        const start = await ledger.head();
        await ledger.append(`other-${prefix}`, NO_STREAM, [someEvent()]);
        await ledger.append(stream, NO_STREAM, [someEvent()]);
        const seen: RecordedEvent[] = [];
        let last = Infinity;
        for await (const { events, upTo } of ledger.subscribe({ after: start, streamPrefixes: [prefix] })) {
          seen.push(...events);
          if (seen.length === 1 && last === Infinity) {
            // Live now: the position must be reported although nothing matches.
            last = (await other.append(`other-${prefix}`, 0, [someEvent(), someEvent()])).position;
            ledger.pollNow(last);
          }
          if (upTo >= last) break;
        }
        expect(seen.map((event) => event.stream)).toEqual([stream]);
      });

      it('ends when its signal is aborted, waiting or not', async () => {
        const controller = new AbortController();
        const { position } = await ledger.append(stream, NO_STREAM, [someEvent()]);
        const ended = collectAll(
          ledger.subscribe({ after: position, streamPrefixes: [prefix], signal: controller.signal }),
        );
        const following = follow(ledger, { after: position, streamPrefixes: [prefix] }, 1);
        await ledger.append(stream, 0, [someEvent()]);
        await following;
        controller.abort();
        expect((await ended).length).toBeLessThanOrEqual(1);
        expect(await collectAll(ledger.subscribe({ signal: controller.signal }))).toEqual([]);
      });
    });

    describe('a staged batch', () => {
      const bytes = 3 * APPEND_BYTES_MAX;

      const effective = async (): Promise<readonly string[]> => {
        const ids: string[] = [];
        const sealed = (await ledger.readStream(stream)).filter(({ type }) => type === BATCH_SEALED);
        for (const event of sealed) {
          for await (const page of readSealedParts(ledger, event)) ids.push(...page.map(({ id }) => id));
        }
        return ids;
      };

      it('is appended in parts and sealed, once however often it is repeated', async () => {
        await ledger.append(stream, NO_STREAM, [someEvent()]);
        const batchId = randomUUID();
        const events = bulkEvents(bytes, batchId);
        const first = await appendStaged(ledger, stream, 0, events, batchId);
        expect(await appendStaged(ledger, stream, 0, events, batchId)).toEqual(first);
        expect(await appendStaged(other, stream, first.revision, events, batchId)).toEqual(first);
        const [sealed] = await ledger.readStream(stream, { direction: 'backwards', limit: 1 });
        expect(sealed).toMatchObject({ type: BATCH_SEALED, ...first });
        expect(JSON.parse(sealed?.data ?? '')).toEqual({ batchId, firstRevision: 1, parts: 4 });
        expect(await effective()).toEqual(events.map(({ id }) => id));
        expect((await verifyStream(ledger, stream)).faults).toEqual([]);
      });

      it('is finished from any point that it was left at, named by either revision', async () => {
        const batchId = randomUUID();
        const events = bulkEvents(bytes, batchId);
        const first = await appendStaged(ledger, stream, NO_STREAM, events, batchId);
        const firstParts = (await ledger.readStream(stream)).filter((event) => batchOf(event)?.part === 0);
        // At the end of a part (where a crash leaves it) and within one.
        for (const revision of [
          (firstParts.at(-1)?.revision ?? 0) - 1,
          firstParts.at(-1)?.revision ?? 0,
          first.revision - 1,
        ]) {
          expect(await appendStaged(other, stream, revision, events, batchId)).toEqual(first);
        }
        expect(await effective()).toEqual(events.map(({ id }) => id));
      });

      it('leaves nothing behind when one of its events is too large', async () => {
        const events = [...bulkEvents(bytes, 'x'), someEvent({ text: 'x'.repeat(EVENT_BYTES_MAX) })];
        await expect(appendStaged(ledger, stream, NO_STREAM, events, randomUUID())).rejects.toBeInstanceOf(
          EventTooLarge,
        );
        expect(await ledger.readStream(stream)).toEqual([]);
      });

      it('is abandoned when its owner is gone, and fences the owner if it is not', async () => {
        expect(await abandonUnsealed(ledger, stream, someMetadata())).toBeUndefined();
        const batchId = randomUUID();
        const events = bulkEvents(bytes, batchId);
        let appends = 0;
        const slow = Object.create(ledger) as Ledger;
        slow.append = async (...append) => {
          // Another owner takes over between the second part and the third.
          if (++appends === 3) await abandonUnsealed(other, stream, someMetadata());
          return ledger.append(...append);
        };
        await expect(appendStaged(slow, stream, NO_STREAM, events, batchId)).rejects.toBeInstanceOf(RevisionConflict);
        const [last] = await ledger.readStream(stream, { direction: 'backwards', limit: 1 });
        expect(last?.type).toBe(BATCH_ABANDONED);
        expect(JSON.parse(last?.data ?? '')).toEqual({ batchId, firstRevision: 0 });
        expect(await abandonUnsealed(ledger, stream, someMetadata())).toBeUndefined();
        expect(await effective()).toEqual([]);

        await appendStaged(ledger, stream, last?.revision ?? 0, events, batchId);
        expect(await effective()).toEqual(events.map(({ id }) => id));
      });
    });

    describe('close', () => {
      it('answers what waits, ends subscriptions and refuses more', async () => {
        const closing = await open();
        const subscription = collectAll(closing.subscribe({ after: await closing.head(), streamPrefixes: [prefix] }));
        const last = closing.append(stream, NO_STREAM, [someEvent()]);
        const [appended] = await Promise.all([last, last.then(() => closing.close())]);
        expect(appended.revision).toBe(0);
        expect((await subscription).length).toBeLessThanOrEqual(1);
        await expect(closing.append(stream, 0, [someEvent()])).rejects.toBeInstanceOf(LedgerUnavailable);
        expect(await ledger.readStream(stream)).toHaveLength(1);
        await closing.close();
      });
    });
  });
};
