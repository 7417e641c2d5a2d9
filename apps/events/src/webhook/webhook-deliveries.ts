import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { AtMostOfEach } from '#platform/at-most.js';
import { nowMicros } from '#platform/clock.js';
import { Log } from '#platform/logging.js';
import { backgroundContext } from '#bus/background-context.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { Ledger } from '#ledger/ledger.js';
import { KeyValueStore } from '#storage/key-value-store.js';
import { EventAccess } from '../access/event-access.js';
import { FeedSearch } from '../feed/feed-search.js';
import { FeedTail } from '../feed/feed-tail.js';
import { HistoryIndex } from '../index/history-index.js';
import { pauseWebhook } from './change-webhook.js';
import { DeliveryRecord } from './delivery-record.js';
import { type DeliveryParts, WebhookDelivery } from './webhook-delivery.js';
import { type Webhook, Webhooks } from './webhook-projection.js';
import { WebhookSender } from './webhook-sender.js';
import { WebhookTargets } from './webhook-targets.js';

const PAGE = 100;

/** Whoever has many webhooks that have missed much is not to keep the service, or a target, busier than somebody who has few. */
const READING_OF_OWNER_MAX = 2;
const SENDING_OF_OWNER_MAX = 8;

/** The sending to all webhooks. It begins when the service has started, and follows what happens to each webhook. */
@Injectable()
export class WebhookDeliveries implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly webhooks: Webhooks;
  private readonly decided: Webhooks;
  private readonly parts: DeliveryParts;
  private readonly deliveries = new Map<string, Promise<WebhookDelivery>>();

  constructor(
    readModel: ReadModel,
    ledger: Ledger,
    access: EventAccess,
    index: HistoryIndex,
    search: FeedSearch,
    tail: FeedTail,
    log: Log,
    private readonly sender: WebhookSender,
    private readonly mailbox: Mailbox,
    private readonly keyValueStore: KeyValueStore,
    private readonly targets: WebhookTargets,
  ) {
    this.webhooks = new Webhooks(readModel.queries);
    this.decided = new Webhooks(readModel.writer);
    this.parts = {
      ...{ ledger, index, access, search, tail, sender, log },
      reading: new AtMostOfEach(READING_OF_OWNER_MAX),
      sending: new AtMostOfEach(SENDING_OF_OWNER_MAX),
      webhook: (id) => this.webhooks.byId(id),
      target: (id) => targets.read(id),
      gone: (id) => this.pauseGone(id),
    };
  }

  async onApplicationBootstrap(): Promise<void> {
    // What a crash has left of webhooks that were deleted, or never registered.
    for await (const id of this.targets.ids()) if (this.webhooks.byId(id) === undefined) await this.forget(id);
    let after = '';
    for (;;) {
      const page = this.webhooks.page(after, PAGE);
      for (const webhook of page) await this.follow(webhook);
      const last = page.at(-1);
      if (last === undefined) return;
      after = last.registered.webhook_id;
    }
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all([...this.deliveries.values()].map(async (delivery) => (await delivery).stop()));
    this.sender.close();
  }

  of(webhook: Webhook): Promise<WebhookDelivery> {
    const { webhook_id: id } = webhook.registered;
    let delivery = this.deliveries.get(id);
    if (delivery === undefined) {
      delivery = WebhookDelivery.open(webhook, new DeliveryRecord(this.keyValueStore, id), this.parts);
      this.deliveries.set(id, delivery);
      delivery.catch(() => this.deliveries.delete(id));
    }
    return delivery;
  }

  /** Begins to send, or ends, as the webhook's status says. */
  async follow(webhook: Webhook): Promise<void> {
    const delivery = await this.of(webhook);
    if (webhook.status === 'active') delivery.start();
    else await delivery.stop();
  }

  /** Of a webhook that was resumed. */
  async revive(webhook: Webhook): Promise<void> {
    const delivery = await this.of(webhook);
    await delivery.stop();
    await delivery.revive();
    delivery.start();
  }

  /** Of a webhook that was deleted. */
  async forget(id: string): Promise<void> {
    await (await this.deliveries.get(id))?.stop();
    this.deliveries.delete(id);
    await new DeliveryRecord(this.keyValueStore, id).forget();
    await this.targets.forget(id);
  }

  private async pauseGone(id: string): Promise<void> {
    const context = backgroundContext('cairn', 'cairn');
    await this.mailbox.execute({
      context,
      timeMicros: nowMicros(),
      decide: () => {
        const webhook = this.decided.byId(id);
        return { events: webhook === undefined ? [] : pauseWebhook(webhook, 'gone'), reply: {} };
      },
    });
  }
}
