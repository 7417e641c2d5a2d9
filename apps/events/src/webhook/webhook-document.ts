import { formatTimestamp } from '#platform/clock.js';
import type { DeadLetter, Progress } from './delivery-record.js';
import type { Webhook } from './webhook-projection.js';

const timeOf = (ms: number): string => new Date(ms).toISOString();

/** What the API shows of a webhook: raw JSON. */
export const webhookDocument = (
  { registered, owner, status, reason, createdMicros }: Webhook,
  { cursor, delivered, deadLetters, dropped, failing }: Progress,
): string =>
  JSON.stringify({
    webhook_id: registered.webhook_id,
    origin: registered.origin,
    description: registered.description,
    filter: registered.filter,
    owner: owner.username,
    status,
    ...(reason !== undefined && { reason }),
    created: `${formatTimestamp(createdMicros)}Z`,
    sequence: cursor,
    delivered,
    dead_letters: deadLetters,
    dead_letters_dropped: dropped,
    failing:
      failing === undefined
        ? null
        : {
            ...{ since: timeOf(failing.sinceMs), attempts: failing.attempts, error: failing.error },
            next_attempt: timeOf(failing.nextMs),
          },
  });

/** What the API shows of a dead letter: raw JSON. */
export const deadLetterDocument = ({ cursor, event_id, type, stream, error, dead_ms }: DeadLetter): string =>
  JSON.stringify({
    id: event_id,
    type,
    source: `/cairn/streams/${stream}`,
    sequence: cursor,
    error,
    given_up: timeOf(dead_ms),
  });
