import type { Attempt } from '#contracts/cairn/webhooks.js';
import type { FeedEntry } from '#contracts/feed.js';
import { cursorAt } from '#event-sourcing/history-cursor.js';
import { memoryLog } from '#bus/testing/serve-module.js';
import { AtMostOfEach } from '#platform/at-most.js';
import { nextLoopTurn } from '#platform/loop-turn.js';
import { eventually } from '#platform/testing/eventually.js';
import type { PlacedEntry } from '../feed/feed-entries.js';
import type { PlacesOfIndex } from './delivery-place.js';
import type { DeliveryRecord, Progress } from './delivery-record.js';
import { type DeliveryParts, WebhookDelivery } from './webhook-delivery.js';
import type { Webhook } from './webhook-projection.js';

const entry: FeedEntry = {
  ...{ cursor: '7-e', stream: 'work-iceprod.main.a', type: 'UnitsMoved', readers: 'everyone' },
  ...{ entities: [], units: [], groups: [], documents: [] },
  text: JSON.stringify({ id: 'e', revision: 3, time: '2020-01-31T12:00:00Z' }),
};

const placed: PlacedEntry = { place: cursorAt(7), characters: 1, entry, entities: new Set() };

const webhook = {
  registered: { webhook_id: 'w', after: '6', about: [] },
  ...{ owner: { username: 'alice', roles: ['user'], groups: [] }, status: 'active', createdMicros: 0 },
} as unknown as Webhook;

const NO_EVENTS: PlacesOfIndex = {
  showHead: () => Promise.resolve(),
  lastUpTo: () => undefined,
  entryNumbered: () => undefined,
};

const open = (
  record: Partial<DeliveryRecord>,
  send: () => Promise<Attempt>,
  saved: Progress[],
  { sending = new AtMostOfEach(8), index = NO_EVENTS } = {},
): Promise<WebhookDelivery> => {
  const whole: Partial<DeliveryRecord> = {
    read: () => Promise.resolve(undefined),
    save: (progress) => {
      saved.push(progress);
      return Promise.resolve();
    },
    ...record,
  };
  const parts: unknown = {
    ledger: { head: () => Promise.resolve(7), readStream: () => Promise.resolve([{ id: 'e' }]) },
    index,
    access: { readersOf: () => 'everyone' },
    search: {
      behind: () => Promise.resolve({ entries: [placed], upTo: cursorAt(7) }),
    },
    sender: { send },
    reading: new AtMostOfEach(2),
    sending,
    log: memoryLog().log,
    webhook: () => webhook,
    target: () => Promise.resolve({ url: 'http://localhost', secret: '' }),
  };
  return WebhookDelivery.open(webhook, whole as DeliveryRecord, parts as DeliveryParts);
};

describe('a delivery', () => {
  it('does not pass an event by that could neither be delivered nor kept', async () => {
    const saved: Progress[] = [];
    let failures = 0;
    const bury = (): Promise<void> => {
      failures += 1;
      return Promise.reject(new Error('the disk is full'));
    };
    const delivery = await open({ bury }, () => Promise.resolve({ status: 500, error: 'answered 500' }), saved);
    delivery.start();
    await eventually(() => failures, 1);
    await delivery.stop();
    expect(saved.at(-1)).toMatchObject({ cursor: '6', deadLetters: 0 });
  });

  it('notes what its target has taken, also when it is stopped at that moment', async () => {
    const saved: Progress[] = [];
    let stopped: Promise<void> | undefined;
    const delivery = await open(
      {},
      () => {
        stopped = delivery.stop();
        return Promise.resolve({ status: 200 });
      },
      saved,
    );
    delivery.start();
    await eventually(() => stopped !== undefined, true);
    await stopped;
    expect(saved.at(-1)).toMatchObject({ cursor: '7', delivered: 1 });
  });

  it('that is resumed in a ledger that was moved goes on behind the event that was seen last', async () => {
    const saved: Progress[] = [];
    const stream = 'work-iceprod.main.a';
    const seen = { number: 1, stream, revision: 0, cursor: '4000' };
    const kept = { cursor: '4000', delivered: 1, deadLetters: 0, dropped: 0, aliveMs: 0, seen };
    const entries = [2, 5].map((at, revision) => ({ stream, revision, cursor: cursorAt(at), timeMicros: 0 }));
    const index: PlacesOfIndex = {
      ...NO_EVENTS,
      entryNumbered: (number) => entries[number - 1],
      lastUpTo: ({ at }) => {
        const number = entries.filter(({ cursor }) => cursor.at <= at).length;
        const entry = entries[number - 1];
        return entry && { ...entry, number };
      },
    };
    const read = { read: () => Promise.resolve(kept) };
    const delivery = await open(read, () => Promise.resolve({ error: 'away' }), saved, { index });
    await delivery.revive();
    expect(saved).toMatchObject([{ cursor: '4000', seen }]);
    delivery.start();
    await eventually(() => saved.length > 1, true);
    expect(saved[1]).toMatchObject({ cursor: '2', seen: { ...seen, cursor: '2' } });
    await delivery.stop();
  });

  it('shares its turns with the other webhooks of its owner, and need not wait for them to stop', async () => {
    const sending = new AtMostOfEach(1);
    let requests = 0;
    const neverAnswers = (): Promise<Attempt> => {
      requests += 1;
      return new Promise(() => undefined);
    };
    const [one, other] = [await open({}, neverAnswers, [], { sending }), await open({}, neverAnswers, [], { sending })];
    one.start();
    await eventually(() => requests, 1);
    other.start();
    await nextLoopTurn();
    await other.stop();
    expect(requests).toBe(1);
  });
});
