import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { type EventMetadata, type NewEvent, NO_STREAM } from '#ledger/ledger.js';
import { SqliteLedger } from '#ledger/sqlite-ledger.js';
import { appendStaged } from '#ledger/staged-batch.js';
import { effectiveEvents, type EffectiveEvent } from '#event-sourcing/effective-events.js';
import { HISTORY_START, type HistoryCursor, isBehind, textOfCursor } from '#event-sourcing/history-cursor.js';
import type { EventSubject } from '#contracts/event-filter.js';
import { dump } from '#event-sourcing/testing/counter-projection.js';
import type { Ranges } from '#contracts/work-events.js';
import type { EntryQuery } from './entry-numbers.js';
import { HistoryIndex } from './history-index.js';
import { type Mentions, mentionsOf } from './mentions.js';

const START_MICROS = 1_700_000_000_000_000;
const STREAMS = ['work-iceprod.main.a', 'work-torc.main.1', 'work-panda.main.2', 'user-cairn.main.alice'];
const ACTORS = ['alice', 'bob', 'carol'];
const TYPES = ['UnitsMoved', 'UnitsClaimed', 'UnitFailed'];

const eventArbitrary = fc
  .record({
    stream: fc.constantFrom(...STREAMS),
    type: fc.constantFrom(...TYPES),
    actor: fc.constantFrom(...ACTORS),
    site: fc.constantFrom('', 'DESY', 'CERN'),
    request: fc.constantFrom('r1', 'r2', 'r3', 'r4'),
    first: fc.nat(300),
    count: fc.nat(100),
    // Times fall now and then.
    jitter: fc.nat(5),
  })
  .map(({ stream, type, actor, site, request, first, count, jitter }) => (at: number) => {
    const units: Ranges = count === 0 ? [] : [[first, first + count - 1]];
    const event: NewEvent = {
      id: randomUUID(),
      type,
      data: { units, site, status: 'waiting', compute_node: first, result: { ordinal: first + 1 } },
      metadata: {
        timeMicros: START_MICROS + at - jitter,
        ...{ actor, dialect: 'iceprod', correlationId: request, causationId: `cause of ${request}`, schemaVersion: 1 },
      },
    };
    return { stream, event };
  });

const subjectArbitrary: fc.Arbitrary<EventSubject> = fc.oneof(
  fc.constantFrom(...ACTORS, 'nobody').map((name) => `actor:${name}` as const),
  fc.constantFrom('DESY', 'CERN').map((name) => `site:${name}` as const),
  fc.constantFrom(...TYPES).map((name) => `type:${name}` as const),
  fc.constantFrom('iceprod', 'torc', 'cairn').map((name) => `dialect:${name}` as const),
  fc.constantFrom('iceprod.main.a', 'torc.main.1').map((name) => `workload:${name}` as const),
  fc.constantFrom('r1', 'r4').map((name) => `request:${name}` as const),
  fc.constantFrom('r1', 'r4').map((name) => `cause:cause of ${name}` as const),
  fc.record({
    part: fc.constantFrom('unit', 'document'),
    stream: fc.constantFrom(...STREAMS),
    ordinal: fc.nat(400),
  }),
);

interface Known {
  readonly stream: string;
  readonly cursor: HistoryCursor;
  readonly timeMicros: number;
  readonly mentions: Mentions;
}

const known = ({ event, cursor }: EffectiveEvent): Known => {
  const { stream, type } = event;
  const data = JSON.parse(event.data) as Record<string, unknown>;
  const metadata = JSON.parse(event.metadata) as EventMetadata;
  return { stream, cursor, timeMicros: metadata.timeMicros, mentions: mentionsOf({ stream, type, data, metadata }) };
};

const isAbout = ({ stream, mentions }: Known, subject: EventSubject): boolean => {
  if (typeof subject === 'string') return [...mentions.entities, ...mentions.rare].includes(subject);
  const { ordinal, part } = subject;
  const ranges = { unit: mentions.units, group: mentions.groups, document: mentions.documents }[part];
  return stream === subject.stream && ranges.some(([first, last]) => ordinal >= first && ordinal <= last);
};

describe('entries of the index', () => {
  let folder: string;
  let ledger: SqliteLedger;
  let index: HistoryIndex;
  let follower: HistoryIndex;
  let all: Known[];

  const cursorOf = (at: number): HistoryCursor => all[at]?.cursor ?? HISTORY_START;

  const found = async (query: EntryQuery): Promise<string[]> => {
    const cursors: string[] = [];
    for await (const { entries } of index.entries(query))
      cursors.push(...entries.map((entry) => textOfCursor(entry.cursor)));
    return cursors;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cairn-entries-'));
    ledger = await SqliteLedger.open(join(folder, 'ledger.sqlite'));
    follower = await HistoryIndex.open({ file: join(folder, 'follower.sqlite'), ledger });
    const events = fc.sample(eventArbitrary, { numRuns: 3000, seed: 13 });
    const revisions = new Map<string, number>();
    for (let at = 0; at < events.length;) {
      const size = at % 7 === 0 ? 40 : 1;
      const [{ stream } = { stream: '' }] = events.slice(at, at + 1).map((event) => event(at));
      const batch = events.slice(at, at + size).map((event, offset) => event(at + offset).event);
      const expected = revisions.get(stream) ?? NO_STREAM;
      const { revision } =
        size === 1
          ? await ledger.append(stream, expected, batch)
          : await appendStaged(ledger, stream, expected, batch, randomUUID());
      revisions.set(stream, revision);
      at += size;
    }
    index = await HistoryIndex.open({ file: join(folder, 'history.sqlite'), ledger });
    await index.caughtUp();
    all = [];
    for await (const batch of effectiveEvents(ledger)) all.push(...batch.events.map(known));
  });

  afterAll(async () => {
    await Promise.all([index.close(), follower.close()]);
    await ledger.close();
    rmSync(folder, { recursive: true });
  });

  it('are those that a search through everything finds, in both orders', async () => {
    expect(all).toHaveLength(3000);
    const time = fc.option(fc.integer({ min: -10, max: 3010 }), { nil: undefined });
    const place = fc.option(fc.nat(all.length - 1), { nil: undefined });
    const queries = fc.record({
      order: fc.constantFrom('oldest' as const, 'newest' as const),
      about: fc.array(fc.array(subjectArbitrary, { minLength: 1, maxLength: 3 }), { maxLength: 3 }),
      from: time,
      until: time,
      after: place,
      upTo: place,
    });
    await fc.assert(
      fc.asyncProperty(queries, async ({ order, about, from, until, after, upTo }) => {
        const query: EntryQuery = {
          ...{ order, about },
          ...(from !== undefined && { fromMicros: START_MICROS + from }),
          ...(until !== undefined && { untilMicros: START_MICROS + until }),
          ...(after !== undefined && { after: cursorOf(after) }),
          ...(upTo !== undefined && { upTo: cursorOf(upTo) }),
        };
        const expected = all.filter((each) => {
          return (
            about.every((alternatives) => alternatives.some((subject) => isAbout(each, subject))) &&
            each.timeMicros >= (query.fromMicros ?? 0) &&
            each.timeMicros < (query.untilMicros ?? Infinity) &&
            (query.after === undefined || isBehind(each.cursor, query.after)) &&
            (query.upTo === undefined || !isBehind(each.cursor, query.upTo))
          );
        });
        if (order === 'newest') expected.reverse();
        expect(await found(query)).toEqual(expected.map(({ cursor }) => textOfCursor(cursor)));
      }),
      { numRuns: 150 },
    );
  });

  it('are the same in an index that was made anew as in one that has followed', async () => {
    await Promise.all([index, follower].map((each) => each.showHead()));
    const files = ['history.sqlite', 'follower.sqlite'].map(
      (name) => new DatabaseSync(join(folder, name), { readOnly: true }),
    );
    const [made, followed] = files.map((file) => dump(file));
    for (const file of files) file.close();
    expect(JSON.stringify(followed)).toBe(JSON.stringify(made));
  });

  it('go on from where a chunk has ended', async () => {
    for (const order of ['oldest', 'newest'] as const) {
      const whole = await found({ order });
      const parts: string[] = [];
      let query: EntryQuery = { order };
      for (let isLast = false; !isLast;) {
        for await (const chunk of index.entries(query)) {
          parts.push(...chunk.entries.map((entry) => textOfCursor(entry.cursor)));
          query = { order, [order === 'oldest' ? 'after' : 'before']: chunk.lookedUpTo };
          isLast = chunk.isLast;
          break;
        }
      }
      expect(parts).toEqual(whole);
      expect(parts).toHaveLength(all.length);
    }
  });

  it('say where the history stood at a time', async () => {
    expect(textOfCursor(index.cursorAtTime(START_MICROS - 100))).toBe('0');
    expect(index.cursorAtTime(START_MICROS + 10_000)).toEqual({ at: await ledger.head() });
    const later = all.findIndex(({ timeMicros }) => timeMicros > START_MICROS + 1499);
    expect(later).toBeGreaterThan(1000);
    expect(index.cursorAtTime(START_MICROS + 1499)).toEqual(cursorOf(later - 1));
  });
});
