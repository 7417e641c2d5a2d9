import { setTimeout as delay } from 'node:timers/promises';
import { cursorAt } from '#event-sourcing/history-cursor.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { NO_STREAM } from '#ledger/ledger.js';
import { someEvent } from '#ledger/testing/new-events.js';
import { EventsModule } from '../events.module.js';
import { FeedSearch } from './feed-search.js';
import { FeedTail } from './feed-tail.js';

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
    await tail.page(cursorAt(0));
    const page = tail.page(cursorAt(1000));
    await expect(Promise.race([page, delay(300, 'waits')])).resolves.toBe('waits');
    await expect(page).resolves.toEqual({ entries: [], upTo: cursorAt(1000) });
  });
});
