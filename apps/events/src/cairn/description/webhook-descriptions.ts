import type { WebhookEvents } from '#contracts/cairn/webhook-events.js';
import type { DescriptionsOf } from '../../timeline/description.js';
import { exactly, plainValues } from '../../timeline/values.js';

export const webhookDescriptions: DescriptionsOf<WebhookEvents> = {
  WebhookRegistered: {
    what: ({ webhook_id: id, origin, owner }) => `registered the webhook ${id} of ${owner.username} to ${origin}`,
    sets: {
      object: ({ origin, description, filter, owner }) =>
        plainValues({ origin, description, filter, owner: owner.username, paused: false }),
    },
  },
  WebhookPaused: {
    what: ({ webhook_id: id, reason }) =>
      reason === undefined ? `paused the webhook ${id}` : `paused the webhook ${id}, whose target is gone`,
    sets: { object: () => plainValues({ paused: true }) },
  },
  WebhookResumed: {
    what: ({ webhook_id: id, owner }) => `resumed the webhook ${id} with the rights of ${owner.username}`,
    sets: { object: ({ owner }) => plainValues({ owner: owner.username, paused: false }) },
  },
  WebhookDeleted: {
    what: ({ webhook_id: id }) => `deleted the webhook ${id}`,
    sets: { object: (_, { before }) => exactly(before) },
  },
};
