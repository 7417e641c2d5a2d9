import type { Caller } from '#bus/contract.js';
import type { EventReaders } from '#contracts/event-readers.js';
import { cursorAt, HISTORY_START } from '#event-sourcing/history-cursor.js';
import { RecentHistory } from '#event-sourcing/recent-history.js';
import { FeedChannel } from './feed-channel.js';
import type { TailEntry } from './feed-tail.js';

const entry = (at: number, given: Partial<TailEntry> = {}): TailEntry => {
  const text = given.text ?? `{"sequence":"${at}"}`;
  return {
    ...{
      place: cursorAt(at),
      cursor: String(at),
      characters: text.length,
      stream: 'work-iceprod.main.a',
      type: 'UnitFailed',
    },
    ...{
      text,
      readers: 'everyone',
      entities: new Set(['type:UnitFailed']),
      units: [[2, 5]],
      groups: [],
      documents: [],
    },
    ...given,
  };
};

const caller = (roles: readonly string[], groups: readonly string[] = []): Caller => ({
  ...{ subject: 'alice', username: 'alice', roles, groups },
});
const USER = caller(['user'], ['simprod']);

describe('FeedChannel', () => {
  let recent: RecentHistory<TailEntry>;
  const channel = (filter: FeedChannel['filter'] = [], who: Caller = USER): FeedChannel =>
    new FeedChannel(recent, filter, who);
  const told = (one: FeedChannel): readonly string[] =>
    [...(one.behind(HISTORY_START)?.text ?? '').matchAll(/^id: (.*)$/gm)].map(([, id]) => id ?? '');

  beforeEach(() => {
    recent = new RecentHistory<TailEntry>(HISTORY_START);
  });

  it('makes what its followers are told once', () => {
    recent.push([entry(1), entry(2)], cursorAt(3));
    const one = channel();
    const first = one.behind(HISTORY_START);
    expect(first).toEqual({
      ...{ after: HISTORY_START, end: cursorAt(3), upTo: cursorAt(3) },
      text: 'id: 1\nevent: UnitFailed\ndata: {"sequence":"1"}\n\nid: 2\nevent: UnitFailed\ndata: {"sequence":"2"}\n\n',
    });
    expect(one.behind(HISTORY_START)).toBe(first);
    recent.push([entry(4)], cursorAt(4));
    expect(told(one)).toEqual(['1', '2', '4']);
  });

  it.each<[EventReaders, Caller, boolean]>([
    ['everyone', USER, true],
    ['administrators', USER, false],
    ['administrators', caller(['system']), true],
    [{ read_groups: ['simprod'] }, USER, true],
    [{ read_groups: ['icecube'], read_users: [] }, USER, false],
    [{ read_groups: ['icecube'] }, caller(['admin']), true],
    ['everyone', caller(['worker']), false],
  ])('tells what %j may read to %j: %s', (readers, who, isTold) => {
    recent.push([entry(1, { readers })], cursorAt(1));
    expect(told(channel([], who))).toEqual(isTold ? ['1'] : []);
  });

  it('tells what is wanted: one of each list', () => {
    const other = { stream: 'work-iceprod.main.b', entities: new Set(['type:UnitFailed', 'actor:bob', 'unit:u3']) };
    recent.push([entry(1), entry(2, other), entry(3, { units: [[7, 9]] })], cursorAt(3));
    const unit = { part: 'unit', stream: 'work-iceprod.main.a', ordinal: 3 } as const;
    expect(told(channel([['type:UnitFailed', 'type:UnitsMoved']]))).toEqual(['1', '2', '3']);
    expect(told(channel([['actor:bob']]))).toEqual(['2']);
    expect(told(channel([[unit, 'unit:u3']]))).toEqual(['1', '2']);
    expect(told(channel([[unit], ['actor:bob']]))).toEqual([]);
  });

  it('tells a part at a time, each line one line', () => {
    const text = `{"note":\n"${'n'.repeat(40_000)}"}`;
    recent.push([entry(1, { text }), entry(2, { text }), entry(3, { text })], cursorAt(3));
    const part = channel().behind(HISTORY_START);
    expect(part?.upTo).toEqual(cursorAt(2));
    expect(part?.text.split('\n')).toHaveLength(8 + 1);
    expect(channel().behind(cursorAt(2))?.upTo).toEqual(cursorAt(3));
  });
});
