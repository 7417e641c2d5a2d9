import type { Position } from '#ledger/ledger.js';
import { type Caller, type Contract, type Nothing, query, type ServiceName, SERVICES } from './contract.js';

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

/** A change that was answered before these services showed it. */
export interface UnseenChange {
  readonly caller: Pick<Caller, 'subject'>;
  readonly services: readonly ServiceName[];
  readonly position: Position;
}

/** Where the gateways hear of each {@link UnseenChange}: the caller may ask any of them next. */
export const UNSEEN_CHANGES = 'cairn.v1.gateway.unseen-changes';
