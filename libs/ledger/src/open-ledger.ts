import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { CannotStart } from '#platform/cannot-start.js';
import { PRIVATE_FOLDER } from '#platform/private-files.js';
import type { Environment } from '#platform/environment.js';
import { redacted } from '#platform/redaction.js';
import { retryAtStart, type StartWait } from '#platform/retry-at-start.js';
import { eventStoreConnection, type EventStoreSettings } from './eventstoredb-settings.js';
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

/** Where the environment says that the ledger is. */
export const ledgerLocation = (
  environment: EventStoreSettings & Pick<Environment, 'CAIRN_DATA_DIR'>,
): Pick<LedgerLocation, 'dataDir' | 'eventStoreUrl'> => ({
  dataDir: environment.CAIRN_DATA_DIR,
  eventStoreUrl: eventStoreConnection(environment),
});

/**
 * Opens the ledger that the configuration names.
 *
 * @throws EventStoreUnreachable
 */
export const openLedger = async ({ dataDir, eventStoreUrl, wait }: LedgerLocation): Promise<Ledger> => {
  if (eventStoreUrl !== undefined) return openEventStore(eventStoreUrl, wait);
  mkdirSync(dataDir, { recursive: true, mode: PRIVATE_FOLDER });
  return SqliteLedger.open(join(dataDir, 'ledger.sqlite'));
};

/** Lends a ledger: see {@link openLedger}. */
export const usingLedger = async <Result>(
  location: LedgerLocation,
  use: (ledger: Ledger) => Promise<Result>,
): Promise<Result> => {
  const ledger = await openLedger(location);
  try {
    return await use(ledger);
  } finally {
    await ledger.close();
  }
};

const openEventStore = async (url: string, wait: StartWait | undefined): Promise<Ledger> => {
  // Loaded only where it is used: the client takes longer to load than the rest of Cairn.
  const { EventStoreDbLedger } = await import('./eventstoredb-ledger.js');
  // A URL or file that cannot be used is not waited for.
  const ledger = openClient(() => EventStoreDbLedger.open(url));
  const reach = (): Promise<unknown> =>
    ledger.head().catch(async (cause: unknown) => {
      const { tlsHint } = await import('./eventstoredb-tls-hint.js');
      // Without the URL, which may hold a password.
      const why = redacted(cause instanceof Error ? cause.message : String(cause)) + (await tlsHint(url));
      throw new EventStoreUnreachable(`EVENTSTORE_URL is set, but no ledger answers there: ${why}`, { cause });
    });
  try {
    await (wait === undefined ? reach() : retryAtStart('EventStoreDB', reach, wait));
    return ledger;
  } catch (error) {
    await ledger.close();
    throw error;
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
