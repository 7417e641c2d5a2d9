import { randomUUID } from 'node:crypto';
import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message, MessageContext, Nothing, Page } from '#bus/contract.js';
import { isPrivileged } from '#contracts/access.js';
import {
  type Attempt,
  DeleteWebhook,
  GetWebhook,
  ListDeadLetters,
  ListWebhooks,
  PauseWebhook,
  PingWebhook,
  RegisterWebhook,
  type RegisterWebhookRequest,
  ReplayDeadLetters,
  type ReplayReply,
  ResumeWebhook,
} from '#contracts/cairn/webhooks.js';
import { newId } from '#contracts/ids.js';
import { badCursor } from '#contracts/lists.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { cursorAt, isBehind, readHistoryCursor, textOfCursor } from '#event-sourcing/history-cursor.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { Ledger } from '#ledger/ledger.js';
import { ref } from '#ledger/ref.js';
import { resolveFilter } from '../index/history-filter.js';
import { HistoryIndex } from '../index/history-index.js';
import { deleteWebhook, ownerOf, pauseWebhook, registerWebhook, resumeWebhook, webhookFor } from './change-webhook.js';
import { pingMessage } from './ping-message.js';
import { AddressRefused, TargetAddresses } from './target-addresses.js';
import { WebhookDeliveries } from './webhook-deliveries.js';
import { deadLetterDocument, webhookDocument } from './webhook-document.js';
import { type Webhook, Webhooks } from './webhook-projection.js';
import { WebhookTargets } from './webhook-targets.js';

/** The slot in a webhook's id says nothing. */
const WEBHOOKS_REF = ref('cairn', 'main', 'webhooks');

const PAGE = 100;
const URL_LENGTH_MAX = 2000;

interface OfWebhook {
  readonly webhook_id: string;
}

const invalid = (message: string): DomainError => new DomainError('invalid', 'webhook.bad-url', message);

/** Messages about webhooks. */
@Controller()
export class WebhooksController {
  private readonly shown: Webhooks;
  private readonly decided: Webhooks;

  constructor(
    private readonly mailbox: Mailbox,
    private readonly ledger: Ledger,
    private readonly index: HistoryIndex,
    private readonly targets: WebhookTargets,
    private readonly addresses: TargetAddresses,
    private readonly deliveries: WebhookDeliveries,
    readModel: ReadModel,
  ) {
    this.shown = new Webhooks(readModel.queries);
    this.decided = new Webhooks(readModel.writer);
  }

  @MessagePattern(RegisterWebhook.subject)
  async register({
    context,
    request,
  }: Message<RegisterWebhookRequest>): Promise<Answer<{ readonly document: string; readonly secret: string }>> {
    const timeMicros = nowMicros();
    const { origin } = this.checkedUrl(request.url);
    await this.index.showHead();
    const { about } = resolveFilter(this.index, request.filter);
    const id = newId(WEBHOOKS_REF, timeMicros);
    const registered = {
      ...{ webhook_id: id, origin, description: request.description, filter: request.filter, about },
      ...{ owner: ownerOf(context.caller, timeMicros), after: await this.startOf(request.after) },
    };
    // Before the event: a webhook never exists without its URL and key. They are not in the reply that is kept for repeats.
    await this.targets.make(id, request.url);
    const answer = await this.mailbox.execute<OfWebhook>({
      context,
      timeMicros,
      decide: () => {
        const events = registerWebhook(this.decided, registered);
        return events instanceof DomainError ? events : { events, reply: { webhook_id: id } };
      },
    });
    const made = 'reply' in answer ? answer.reply.webhook_id : undefined;
    if (made !== id) await this.targets.forget(id);
    if ('error' in answer) return answer;
    const [webhook, target] = [
      this.shown.byId(answer.reply.webhook_id),
      await this.targets.read(answer.reply.webhook_id),
    ];
    if (webhook === undefined || target === undefined) {
      return { error: new DomainError('state', 'webhook.deleted', 'The webhook was deleted since').toValue() };
    }
    await this.deliveries.follow(webhook);
    return { ...answer, reply: { document: await this.documentOf(webhook), secret: target.secret } };
  }

  @MessagePattern(ListWebhooks.subject)
  async list({ context: { caller }, request }: Message<{ readonly cursor?: string }>): Promise<Answer<Page>> {
    const webhooks = this.shown.page(request.cursor ?? '', PAGE, isPrivileged(caller) ? undefined : caller.username);
    const entries = await Promise.all(webhooks.map((webhook) => this.documentOf(webhook)));
    const last = webhooks.at(-1);
    const isLast = last === undefined || webhooks.length < PAGE;
    return { reply: isLast ? { entries } : { entries, next: last.registered.webhook_id } };
  }

  @MessagePattern(GetWebhook.subject)
  async get(message: Message<OfWebhook>): Promise<Answer<{ readonly document: string }>> {
    return { reply: { document: await this.documentOf(this.of(message)) } };
  }

  @MessagePattern(PauseWebhook.subject)
  async pause({ context, request }: Message<OfWebhook>): Promise<Answer<{ readonly document: string }>> {
    const answer = await this.change(context, request, (webhook) => pauseWebhook(webhook));
    return this.changed(answer, (webhook) => this.deliveries.follow(webhook));
  }

  @MessagePattern(ResumeWebhook.subject)
  async resume({ context, request }: Message<OfWebhook>): Promise<Answer<{ readonly document: string }>> {
    const owner = ownerOf(context.caller, nowMicros());
    const answer = await this.change(context, request, (webhook) => resumeWebhook(webhook, owner));
    return this.changed(answer, (webhook) => this.deliveries.revive(webhook));
  }

  @MessagePattern(DeleteWebhook.subject)
  async delete({ context, request }: Message<OfWebhook>): Promise<Answer<Nothing>> {
    const answer = await this.change(context, request, deleteWebhook);
    if ('error' in answer) return answer;
    await this.deliveries.forget(request.webhook_id);
    return { ...answer, reply: {} };
  }

  @MessagePattern(PingWebhook.subject)
  async ping(message: Message<OfWebhook>): Promise<Answer<Attempt>> {
    const delivery = await this.deliveries.of(this.of(message));
    const id = randomUUID();
    return { reply: await delivery.send(id, pingMessage(id, message.request.webhook_id, nowMicros())) };
  }

  @MessagePattern(ListDeadLetters.subject)
  async deadLetters(message: Message<OfWebhook & { readonly cursor?: string }>): Promise<Answer<Page>> {
    const delivery = await this.deliveries.of(this.of(message));
    const { cursor } = message.request;
    const after = cursor === undefined ? undefined : readHistoryCursor(cursor);
    if (cursor !== undefined && after === undefined) throw badCursor();
    const letters = await delivery.deadLetters(PAGE, after);
    const entries = letters.map(deadLetterDocument);
    const last = letters.at(-1);
    return { reply: last === undefined || letters.length < PAGE ? { entries } : { entries, next: last.cursor } };
  }

  @MessagePattern(ReplayDeadLetters.subject)
  async replay(message: Message<OfWebhook>): Promise<Answer<ReplayReply>> {
    const webhook = this.of(message);
    // It may have rights that its owner has lost.
    if (webhook.status !== 'active') {
      throw new DomainError(
        'state',
        'webhook.not-active',
        'The webhook rests: resume it before its dead letters are sent',
      );
    }
    const delivery = await this.deliveries.of(webhook);
    return { reply: await delivery.replay() };
  }

  /** @throws DomainError */
  private of({ context, request }: Message<OfWebhook>): Webhook {
    const webhook = webhookFor(this.shown, request.webhook_id, context.caller);
    if (webhook instanceof DomainError) throw webhook;
    return webhook;
  }

  private change(
    context: MessageContext,
    { webhook_id }: OfWebhook,
    eventsFor: (webhook: Webhook) => readonly DecidedEvent[] | DomainError,
  ): Promise<Answer<OfWebhook>> {
    return this.mailbox.execute<OfWebhook>({
      context,
      timeMicros: nowMicros(),
      decide: () => {
        const webhook = webhookFor(this.decided, webhook_id, context.caller);
        const events = webhook instanceof DomainError ? webhook : eventsFor(webhook);
        return events instanceof DomainError ? events : { events, reply: { webhook_id } };
      },
    });
  }

  private async changed(
    answer: Answer<OfWebhook>,
    follow: (webhook: Webhook) => Promise<void>,
  ): Promise<Answer<{ readonly document: string }>> {
    if ('error' in answer) return answer;
    const webhook = this.shown.byId(answer.reply.webhook_id);
    if (webhook === undefined) {
      return { error: new DomainError('not-found', 'webhook.not-found', 'Webhook not found').toValue() };
    }
    await follow(webhook);
    return { ...answer, reply: { document: await this.documentOf(webhook) } };
  }

  private async documentOf(webhook: Webhook): Promise<string> {
    return webhookDocument(webhook, (await this.deliveries.of(webhook)).progress);
  }

  /** @throws DomainError */
  private checkedUrl(text: string): URL {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url === undefined || !['http:', 'https:'].includes(url.protocol) || text.length > URL_LENGTH_MAX) {
      throw invalid(`url must be an http or https URL of at most ${URL_LENGTH_MAX} characters`);
    }
    if (url.username !== '' || url.password !== '') throw invalid('url must not hold a user or a password');
    try {
      this.addresses.checkHost(url);
    } catch (error) {
      throw error instanceof AddressRefused ? invalid(`url: ${error.message}`) : error;
    }
    return url;
  }

  /** @throws DomainError when the history does not reach so far */
  private async startOf(after: string | undefined): Promise<string> {
    const head = cursorAt(await this.ledger.head());
    if (after === undefined) return textOfCursor(head);
    const cursor = readHistoryCursor(after);
    if (cursor === undefined || isBehind(cursor, head)) {
      throw new DomainError('invalid', 'webhook.bad-place', `after: the history has no event ${after}`);
    }
    return textOfCursor(cursor);
  }
}
