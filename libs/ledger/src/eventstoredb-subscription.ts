import {
  type AllStreamResolvedEvent,
  type AllStreamSubscription,
  type EventStoreDBClient,
  excludeSystemEvents,
} from '@eventstore/db-client';
import { clientPosition, recordedEvent } from './eventstoredb-event.js';
import type { Batch, Position, RecordedEvent } from './ledger.js';
import { Waiter } from './waiter.js';

/** Events handed over at once, and as many are fetched ahead. */
const BATCH_EVENTS = 512;

/**
 * One subscription to everything but the server's own events, until it drops.
 *
 * @throws whatever it dropped for
 */
export async function* follow(
  client: EventStoreDBClient,
  after: Position,
  matches: (stream: string) => boolean,
  signal: AbortSignal,
): AsyncGenerator<Batch, void, void> {
  const waiter = new Waiter();
  const subscription = client.subscribeToAll(
    { fromPosition: clientPosition(after), filter: excludeSystemEvents() },
    { highWaterMark: BATCH_EVENTS },
  );
  const drop = whenDropped(subscription, waiter);
  subscription.on('readable', waiter.wake);
  signal.addEventListener('abort', waiter.wake);
  try {
    for (let cursor = after; !signal.aborted;) {
      const taken = takeBuffered(subscription);
      const fresh = taken.filter(({ position }) => position > cursor);
      const last = fresh.at(-1);
      if (last !== undefined) {
        cursor = last.position;
        yield { events: fresh.filter(({ stream }) => matches(stream)), upTo: cursor };
      } else if (drop.fault !== undefined) {
        throw drop.fault;
      } else {
        await waiter.wait();
      }
    }
  } finally {
    signal.removeEventListener('abort', waiter.wake);
    // Not awaited: while no node of a cluster is found this would wait for one, only to hang up.
    void subscription.unsubscribe().catch(() => undefined);
    subscription.destroy();
  }
}

/** Notes why a subscription ends. It never ends of itself. */
const whenDropped = (subscription: AllStreamSubscription, waiter: Waiter): { fault: Error | undefined } => {
  const drop: { fault: Error | undefined } = { fault: undefined };
  const note = (fault: Error): void => {
    drop.fault ??= fault;
    waiter.wake();
  };
  subscription.on('error', note);
  subscription.on('end', () => note(new Error('The server ended the subscription')));
  subscription.on('close', () => note(new Error('The subscription was closed')));
  return drop;
};

/** The events that have arrived; possibly none, although something other than Cairn's events has. */
const takeBuffered = (subscription: AllStreamSubscription): readonly RecordedEvent[] => {
  const events: RecordedEvent[] = [];
  while (events.length < BATCH_EVENTS) {
    const resolved = subscription.read() as AllStreamResolvedEvent | null;
    if (resolved === null) return events;
    const event = recordedEvent(resolved);
    if (event !== undefined) events.push(event);
  }
  return events;
};
