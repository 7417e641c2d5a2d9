import { setTimeout as delay } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { OpenFeed } from '#contracts/cairn/feed.js';
import { FollowFeed, ReadFeed, UNKNOWN_PLACE } from '#contracts/feed.js';
import { cursorAt, HISTORY_START, readSeenPlace } from '#event-sourcing/history-cursor.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { NO_STREAM } from '#ledger/ledger.js';
import { someEvent } from '#ledger/testing/new-events.js';
import { EventsModule } from '../events.module.js';
import { FeedSearch } from './feed-search.js';
import { FeedTail } from './feed-tail.js';

const GATEWAY = { subject: 'gateway-feed', username: 'gateway-feed', roles: ['system'], groups: [] };

describe('the feed behind a place that the index or the ledger has not come to', () => {
  const host = new ServiceHost(EventsModule, { CHECKPOINT_SECONDS: '0' });
  beforeAll(async () => {
    await host.start();
    await host.ledger.append('work-iceprod.main.a', NO_STREAM, [someEvent()]);
  });
  afterAll(() => host.end());

  it('does not go back, where events would come twice', async () => {
    const ahead = cursorAt(1000);
    const page = await host.part(FeedSearch).behind(ahead, [['type:UnitsMoved']]);
    expect(page).toEqual({ entries: [], upTo: ahead });
  });

  it('waits for what comes, instead of asking again and again', async () => {
    const tail = host.part(FeedTail);
    const head = cursorAt(await host.ledger.head());
    await tail.page(cursorAt(0));
    const page = tail.page(head);
    await expect(Promise.race([page, delay(300, 'waits')])).resolves.toBe('waits');
    await expect(page).resolves.toEqual({ entries: [], upTo: head });
  });

  it('is refused where the ledger does not reach, also while others are at its end, and within a batch', async () => {
    const refusal = { code: UNKNOWN_PLACE };
    await expect(host.part(FeedTail).page(cursorAt(1000))).rejects.toMatchObject(refusal);
    for (const after of ['1000', '1000.3']) {
      await expect(host.request(ReadFeed, { after, filter: [] }, GATEWAY)).rejects.toMatchObject(refusal);
    }
  });

  it('is refused between two events, as positions of EventStoreDB have gaps', async () => {
    const reading = jest.spyOn(host.ledger, 'eventAt').mockResolvedValue(undefined);
    const opening = host.request(OpenFeed, { after: '1' }, GATEWAY).finally(() => reading.mockRestore());
    await expect(opening).rejects.toMatchObject({ code: UNKNOWN_PLACE, message: 'The history has no event 1' });
    await expect(host.request(OpenFeed, { after: '0' }, GATEWAY)).resolves.toMatchObject({ after: '0' });
  });

  it('is refused where the history has another event, though it reaches so far', async () => {
    const { upTo } = await host.request(FollowFeed, {}, GATEWAY);
    const { at } = readSeenPlace(upTo) ?? HISTORY_START;
    const event = await host.ledger.eventAt(at);
    expect(upTo).toBe(`${at}-${event?.id}`);
    const known = await host.request(ReadFeed, { after: upTo, filter: [] }, GATEWAY);
    expect(known).toEqual({ entries: [], upTo });
    const after = `${at}-${someEvent().id}`;
    const refusal = { code: UNKNOWN_PLACE };
    await expect(host.request(ReadFeed, { after, filter: [] }, GATEWAY)).rejects.toMatchObject(refusal);
    await expect(host.request(FollowFeed, { after }, GATEWAY)).rejects.toMatchObject(refusal);
    await expect(host.request(OpenFeed, { after }, GATEWAY)).rejects.toMatchObject(refusal);
    // What clients have from earlier versions.
    const { after: start } = await host.request(OpenFeed, { after: String(at) }, GATEWAY);
    expect(start).toBe(upTo);
  });
});
