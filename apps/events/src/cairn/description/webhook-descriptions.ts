import type { WebhookEvents } from '#contracts/cairn/webhook-events.js';
import type { DescriptionsOf } from '../../timeline/description.js';

export const webhookDescriptions: DescriptionsOf<WebhookEvents> = {
  WebhookRegistered: {
    what: ({ webhook_id: id, origin, owner }) => `registered the webhook ${id} of ${owner.username} to ${origin}`,
  },
  WebhookPaused: {
    what: ({ webhook_id: id, reason }) =>
      reason === undefined ? `paused the webhook ${id}` : `paused the webhook ${id}, whose target is gone`,
  },
  WebhookResumed: {
    what: ({ webhook_id: id, owner }) => `resumed the webhook ${id} with the rights of ${owner.username}`,
  },
  WebhookDeleted: { what: ({ webhook_id: id }) => `deleted the webhook ${id}` },
};
