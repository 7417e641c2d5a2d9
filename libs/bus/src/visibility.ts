import type { Position } from '#ledger/ledger.js';
import { type Contract, type Nothing, query, type ServiceName, SERVICES } from './contract.js';

/** A change is answered after this time although a service does not show it yet; the caller's next queries wait for it. */
export const VISIBLE_WITHIN_MS = 500;

export interface PositionRequest {
  readonly position: Position;
}

type PositionContract = Contract<PositionRequest, Nothing>;

const waitFor = (service: ServiceName): PositionContract => query(service, 'wait-for-position', { calledBy: SERVICES });

const contracts: Readonly<Record<ServiceName, PositionContract>> = {
  datasets: waitFor('datasets'),
  tasks: waitFor('tasks'),
  pilots: waitFor('pilots'),
  events: waitFor('events'),
  auth: waitFor('auth'),
};

/**
 * Replies when the service's answers show everything up to `position`; refused as `unavailable` after
 * {@link VISIBLE_WITHIN_MS}. Every service with a read model handles its own.
 */
export const WaitForPosition = (service: ServiceName): PositionContract => contracts[service];
