import type { Position } from '#ledger/ledger.js';
import { type Contract, query, type ServiceName } from '#bus/contract.js';

/** Resolves when the service's answers show everything up to `position`; refused as `unavailable` after 500 ms. */
export const Reached = (service: ServiceName): Contract<{ position: Position }, Record<never, never>> =>
  query(service, 'reached');
