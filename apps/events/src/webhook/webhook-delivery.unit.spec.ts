import type { FeedEntry } from '#contracts/feed.js';
import { cursorAt, textOfCursor } from '#event-sourcing/history-cursor.js';
import { memoryLog } from '#bus/testing/serve-module.js';
import { eventually } from '#platform/testing/eventually.js';
import type { DeliveryRecord, Progress } from './delivery-record.js';
import { type DeliveryParts, WebhookDelivery } from './webhook-delivery.js';
import type { Webhook } from './webhook-projection.js';

const entry: FeedEntry = {
  ...{ cursor: '7', stream: 'work-iceprod.main.a', type: 'UnitsMoved', readers: 'everyone' },
  ...{ entities: [], units: [], groups: [] },
  text: JSON.stringify({ id: 'e', revision: 3, time: '2020-01-31T12:00:00Z' }),
};

const webhook = {
  registered: { webhook_id: 'w', after: '6', about: [] },
  ...{ owner: { username: 'alice', roles: ['user'], groups: [] }, status: 'active', createdMicros: 0 },
} as unknown as Webhook;

describe('a delivery', () => {
  it('does not pass an event by that could neither be delivered nor kept', async () => {
    const saved: Progress[] = [];
    let failures = 0;
    const record: Partial<DeliveryRecord> = {
      read: () => Promise.resolve(undefined),
      save: (progress) => {
        saved.push(progress);
        return Promise.resolve();
      },
      bury: () => {
        failures += 1;
        return Promise.reject(new Error('the disk is full'));
      },
    };
    const parts: unknown = {
      ledger: { head: () => Promise.resolve(7) },
      access: { readersOf: () => 'everyone' },
      search: {
        behind: () => Promise.resolve({ entries: [{ place: cursorAt(7), characters: 1, entry }], upTo: cursorAt(7) }),
      },
      sender: { send: () => Promise.resolve({ status: 500, error: 'answered 500' }) },
      log: memoryLog().log,
      webhook: () => webhook,
      target: () => Promise.resolve({ url: 'http://localhost', secret: '' }),
    };
    const delivery = await WebhookDelivery.open(webhook, record as DeliveryRecord, parts as DeliveryParts);
    delivery.start();
    await eventually(() => failures, 1);
    await delivery.stop();
    expect(saved.at(-1)).toMatchObject({ cursor: textOfCursor(cursorAt(6)), deadLetters: 0 });
  });
});
