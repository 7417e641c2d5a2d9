import { command, type Nothing, type Page, query } from '#bus/contract.js';
import type { FilterName } from './audit.js';

/** Which events are wanted: those that are about one of each list. */
export type FilteredNames = { readonly [Name in FilterName]?: readonly string[] };

export interface RegisterWebhookRequest {
  readonly url: string;
  readonly description: string;
  readonly filter: FilteredNames;
  /** Text of the cursor behind which the first event is; by default the end of the history. */
  readonly after?: string;
}

interface OfWebhook {
  readonly webhook_id: string;
}

/** A webhook as its owner sees it: raw JSON. */
interface WebhookReply {
  readonly document: string;
}

/** Refused with kind `invalid` for a URL that is none, or whose address may not be reached. `secret` is shown this once. */
export const RegisterWebhook = command<RegisterWebhookRequest, WebhookReply & { readonly secret: string }>(
  'events',
  'webhooks.register',
  [],
  { isSealed: true },
);
/** Entries are webhooks as raw JSON, oldest first: those of the caller, or all if the caller is an administrator. */
export const ListWebhooks = query<{ readonly cursor?: string }, Page>('events', 'webhooks.list');
/** All that name a webhook are refused with kind `not-found` when it is none of the caller's. */
export const GetWebhook = query<OfWebhook, WebhookReply>('events', 'webhooks.get');
export const PauseWebhook = command<OfWebhook, WebhookReply>('events', 'webhooks.pause');
/** It has the rights of the caller from then on. */
export const ResumeWebhook = command<OfWebhook, WebhookReply>('events', 'webhooks.resume');
export const DeleteWebhook = command<OfWebhook, Nothing>('events', 'webhooks.delete');

/** What became of one request to the target. */
export interface Attempt {
  /** Of the answer, if there was one. */
  readonly status?: number;
  /** What went wrong; absent when the target has taken the event. */
  readonly error?: string;
}

/** Sends a message of the type `cairn.webhook.Ping`, once. */
export const PingWebhook = query<OfWebhook, Attempt>('events', 'webhooks.ping');

/** Entries are raw JSON, in the order of the history. */
export const ListDeadLetters = query<OfWebhook & { readonly cursor?: string }, Page>('events', 'webhooks.dead-letters');

export interface ReplayReply {
  readonly delivered: number;
  /** Dead letters that are left. */
  readonly left: number;
  /** Why the first of them was not delivered. */
  readonly error?: string;
}

/** Sends dead letters once more, in their order, until one fails, or as many as there is time for. */
export const ReplayDeadLetters = query<OfWebhook, ReplayReply>('events', 'webhooks.replay');
