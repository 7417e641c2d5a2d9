import type { Caller } from '#bus/contract.js';
import { isPrivileged } from '#contracts/access.js';
import { type WebhookEvents, type WebhookOwner, webhookStream } from '#contracts/cairn/webhook-events.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { DomainError } from '#platform/domain-error.js';
import type { Webhook, Webhooks } from './webhook-projection.js';

/** Each is a loop that follows the history. */
const WEBHOOKS_MAX = 1000;
const WEBHOOKS_OF_OWNER_MAX = 100;

const placed = <Type extends keyof WebhookEvents>(type: Type, data: WebhookEvents[Type]): DecidedEvent => ({
  stream: webhookStream(data.webhook_id),
  type,
  data,
});

const notFound = (): DomainError => new DomainError('not-found', 'webhook.not-found', 'Webhook not found');

/** @param timeMicros when the request arrived: what has no token counts as issued then */
export const ownerOf = (caller: Caller, timeMicros: number): WebhookOwner => {
  const { subject, username, roles, groups, tokenIssuedAtMs = Math.floor(timeMicros / 1000) } = caller;
  return { subject, username, roles, groups, token_issued_at_ms: tokenIssuedAtMs };
};

export const callerOf = ({ subject, username, roles, groups }: WebhookOwner): Caller => ({
  ...{ subject, username, roles, groups },
});

/** The webhook, if it is the caller's, or the caller is an administrator. */
export const webhookFor = (webhooks: Webhooks, id: string, caller: Caller): Webhook | DomainError => {
  const webhook = webhooks.byId(id);
  const isShown = webhook !== undefined && (isPrivileged(caller) || webhook.owner.username === caller.username);
  return isShown ? webhook : notFound();
};

export const registerWebhook = (
  webhooks: Webhooks,
  registered: WebhookEvents['WebhookRegistered'],
): readonly DecidedEvent[] | DomainError => {
  const { all, own } = webhooks.counts(registered.owner.username);
  if (own >= WEBHOOKS_OF_OWNER_MAX || all >= WEBHOOKS_MAX) {
    const limit = own >= WEBHOOKS_OF_OWNER_MAX ? `you have ${own}` : `there are ${all}`;
    return new DomainError('state', 'webhook.too-many', `No more webhooks can be registered: ${limit}`);
  }
  return [placed('WebhookRegistered', registered)];
};

/** @param reason absent when the caller asks for it */
export const pauseWebhook = (webhook: Webhook, reason?: 'gone'): readonly DecidedEvent[] => {
  const { webhook_id } = webhook.registered;
  if (webhook.status === 'paused') return [];
  return [placed('WebhookPaused', { webhook_id, ...(reason !== undefined && { reason }) })];
};

/** An administrator cannot resume a webhook of somebody else: what only administrators may read would be sent to that person's target. */
export const resumeWebhook = (webhook: Webhook, caller: WebhookOwner): readonly DecidedEvent[] | DomainError => {
  const { webhook_id } = webhook.registered;
  if (webhook.status === 'active') return [];
  if (webhook.owner.username === caller.username) return [placed('WebhookResumed', { webhook_id, owner: caller })];
  const message = 'Only its owner can resume a webhook: it has the rights of whoever resumes it';
  return new DomainError('forbidden', 'webhook.not-owner', message);
};

export const deleteWebhook = ({ registered: { webhook_id } }: Webhook): readonly DecidedEvent[] => [
  placed('WebhookDeleted', { webhook_id }),
];
