import { formatTimestamp } from '#platform/clock.js';

/** A message by which people see whether a webhook works: raw JSON of a CloudEvent that is no event of the history. */
export const pingMessage = (id: string, webhookId: string, timeMicros: number): string =>
  JSON.stringify({
    specversion: '1.0',
    id,
    source: '/cairn/webhooks',
    type: 'cairn.webhook.Ping',
    subject: webhookId,
    time: `${formatTimestamp(timeMicros)}Z`,
    datacontenttype: 'application/json',
    data: {},
  });
