import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CannotStart } from '#platform/cannot-start.js';
import { PRIVATE_FOLDER } from '#platform/private-files.js';
import { redacted } from '#platform/redaction.js';
import { retryAtStart, type StartWait } from '#platform/retry-at-start.js';
import type { Ledger } from './ledger.js';
import { SqliteLedger } from './sqlite-ledger.js';

/** No EventStoreDB answers where the configuration says; start-up ends with this message. */
export class EventStoreUnreachable extends CannotStart {
  override readonly name = 'EventStoreUnreachable';
}

export interface LedgerLocation {
  readonly dataDir: string;
  /** EventStoreDB connection string, as `eventStoreConnection` makes it; without it the ledger is a SQLite file in the data folder. */
  readonly eventStoreUrl?: string | undefined;
  /** By default EventStoreDB must be there at once. */
  readonly wait?: StartWait;
}

/**
 * Opens the ledger that the configuration names.
 *
 * @throws EventStoreUnreachable
 */
export const openLedger = async ({ dataDir, eventStoreUrl, wait }: LedgerLocation): Promise<Ledger> => {
  if (eventStoreUrl !== undefined) {
    const open = (): Promise<Ledger> => openEventStore(eventStoreUrl);
    return wait === undefined ? open() : retryAtStart('EventStoreDB', open, wait);
  }
  mkdirSync(dataDir, { recursive: true, mode: PRIVATE_FOLDER });
  return SqliteLedger.open(join(dataDir, 'ledger.sqlite'));
};

const openEventStore = async (url: string): Promise<Ledger> => {
  // Loaded only where it is used: the client takes longer to load than the rest of Cairn.
  const { EventStoreDbLedger } = await import('./eventstoredb-ledger.js');
  const ledger = openClient(() => EventStoreDbLedger.open(url));
  try {
    await ledger.head();
    return ledger;
  } catch (cause) {
    await ledger.close();
    // Without the URL, which may hold a password.
    const why = redacted(cause instanceof Error ? cause.message : String(cause));
    throw new EventStoreUnreachable(`EVENTSTORE_URL is set, but no ledger answers there: ${why}`, { cause });
  }
};

/** The client's own messages show the whole URL. */
const openClient = (open: () => Ledger): Ledger => {
  try {
    return open();
  } catch (error) {
    if (error instanceof CannotStart) throw error;
    throw new CannotStart(
      'EVENTSTORE_URL cannot be read, or a file that it names; expected a URL such as esdb://127.0.0.1:2113?tls=false',
    );
  }
};
