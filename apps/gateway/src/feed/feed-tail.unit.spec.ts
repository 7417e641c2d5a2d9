import type { Bus } from '#bus/bus.js';
import type { EventReaders } from '#contracts/event-readers.js';
import { type FeedEntry, type FeedPage, UNKNOWN_PLACE } from '#contracts/feed.js';
import { cursorAt, HISTORY_START } from '#event-sourcing/history-cursor.js';
import { DomainError } from '#platform/domain-error.js';
import type { Log } from '#platform/logging.js';
import { eventually } from '#platform/testing/eventually.js';
import { FeedChannel } from './feed-channel.js';
import { FeedTail } from './feed-tail.js';

const entry = (cursor: string, stream: string, readers: EventReaders): FeedEntry => ({
  ...{ cursor, stream, readers, type: 'UnitFailed', text: `{"sequence":"${cursor}"}` },
  ...{ entities: [], units: [], groups: [], documents: [] },
});

describe('FeedTail', () => {
  const pages: FeedPage[] = [];
  const failures: Error[] = [];
  const request = (): Promise<FeedPage> => {
    const failure = failures.shift();
    if (failure !== undefined) return Promise.reject(failure);
    const page = pages.shift();
    return page === undefined ? Promise.reject(new Error('there is no other page')) : Promise.resolve(page);
  };
  const tail = new FeedTail({ request } as unknown as Bus, { warn: () => undefined } as unknown as Log);
  const alice = { subject: 'alice', username: 'alice', roles: ['user'], groups: ['simprod'] };
  const wake = (): void => undefined;

  afterEach(() => tail.leave(wake));

  it('lets a new rule decide about what was before it, too', async () => {
    const [open, closed] = [{ read_groups: ['simprod'] }, { read_groups: ['others'] }];
    pages.push({ entries: [], upTo: '0' });
    pages.push({
      entries: [
        entry('1', 'work-iceprod.main.a', open),
        entry('2', 'work-iceprod.main.b', open),
        entry('3', 'ranges-iceprod.main.a', 'administrators'),
      ],
      upTo: '3',
    });
    tail.join(wake);
    await eventually(() => tail.behind(HISTORY_START)?.upTo, cursorAt(3));
    const channel = new FeedChannel(tail, [], alice);
    const told = (): readonly (string | undefined)[] =>
      [...(channel.behind(HISTORY_START)?.text ?? '').matchAll(/^id: (.*)$/gm)].map(([, id]) => id);
    expect(told()).toEqual(['1', '2']);
    pages.push({ entries: [entry('4', 'access-iceprod.main.a', closed)], upTo: '4' });
    await eventually(() => told(), ['2']);
    pages.push({ entries: [entry('5', 'access-iceprod.main.a', open)], upTo: '5' });
    await eventually(() => told(), ['1', '2', '4', '5']);
  });

  it('begins anew where the history does not reach any more what it had', async () => {
    pages.push({ entries: [], upTo: '9' });
    tail.join(wake);
    await eventually(() => tail.behind(cursorAt(9))?.upTo, cursorAt(9));
    failures.push(new DomainError('invalid', UNKNOWN_PLACE, 'The history has no event 9'));
    const { course } = tail;
    pages.push({ entries: [], upTo: '4' });
    await eventually(() => tail.behind(cursorAt(4))?.upTo, cursorAt(4));
    expect(tail.behind(cursorAt(9))).toBeUndefined();
    // Followers have the service look whether they may go on.
    expect(tail.course).not.toBe(course);
  });
});
