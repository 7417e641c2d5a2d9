import type { FactoryProvider } from '@nestjs/common';
import { Broker } from '#bus/broker.js';
import { Ledger } from '#ledger/ledger.js';
import { Environment } from '#platform/environment.js';
import { Health } from '#platform/health.js';
import { Log } from '#platform/logging.js';
import { KeyValueStore } from '#storage/key-value-store.js';
import type { Relay } from './relay.js';

const openRelay = async (
  ledger: Ledger,
  { connection }: Broker,
  keyValueStore: KeyValueStore,
  { FEED_DAYS: days, FEED_MIB_MAX: mibMax, BLOB_COPIES: copies }: Environment,
  log: Log,
  health: Health,
): Promise<Relay | undefined> => {
  if (connection === undefined) return undefined;
  // Loaded only where it is needed: embedded Cairn starts without.
  const { Relay } = await import('./relay.js');
  const relay = new Relay({ ledger, connection, keyValueStore, limits: { days, mibMax, copies }, log });
  health.add('feed', () => relay.check());
  return relay;
};

/** The {@link Relay}, where there is a broker. Nobody asks for it: it runs by itself. */
export const relayProvider: FactoryProvider<Relay | undefined> = {
  provide: Symbol('relay'),
  inject: [Ledger, Broker, KeyValueStore, Environment, Log, Health],
  useFactory: openRelay,
};
