import { ref, streamName } from '#ledger/ref.js';
import type { EventFilter } from '../event-filter.js';
import type { FilteredNames } from './webhooks.js';

/** On whose behalf events are sent: with the rights that the token had by which the webhook was registered, or last resumed. */
export interface WebhookOwner {
  /** The account of the token. */
  readonly subject: string;
  readonly username: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  /** Milliseconds since the Unix epoch: the webhook rests when the account's tokens of that time are revoked. */
  readonly token_issued_at_ms: number;
}

/** Events of streams `directory-cairn.webhooks.<webhook_id>`; written and read by `events`. Nothing secret is in them. */
export interface WebhookEvents {
  /** Somebody registered a webhook: events that it wants, and that its owner may read, are sent to it from then on. */
  readonly WebhookRegistered: {
    readonly webhook_id: string;
    /** Scheme, host and port of the URL. What follows may be secret, and is kept encrypted elsewhere, as is the key that signs. */
    readonly origin: string;
    readonly description: string;
    /** As it was given. */
    readonly filter: FilteredNames;
    /** What the names of the filter meant. */
    readonly about: EventFilter;
    readonly owner: WebhookOwner;
    /** Text of the cursor behind which the first event is. */
    readonly after: string;
  };
  /** No events are sent until the webhook is resumed. */
  readonly WebhookPaused: {
    readonly webhook_id: string;
    /** Absent when somebody asked for it. `gone`: the target said that it does not exist any more. */
    readonly reason?: 'gone';
  };
  /** Events are sent again, from where the sending had stopped. */
  readonly WebhookResumed: { readonly webhook_id: string; readonly owner: WebhookOwner };
  /** The webhook was deleted, with its dead letters. */
  readonly WebhookDeleted: { readonly webhook_id: string };
}

export const webhookStream = (id: string): string => streamName('directory', ref('cairn', 'webhooks', id));
