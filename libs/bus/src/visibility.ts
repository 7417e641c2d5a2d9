import type { Position } from '#ledger/ledger.js';
import { type Contract, type Nothing, query, type ServiceName } from './contract.js';

/** A service that does not show a change within this time makes the answer `unavailable`; the change stands. */
export const VISIBLE_WITHIN_MS = 500;

export interface ReachedRequest {
  readonly position: Position;
}

type ReachedContract = Contract<ReachedRequest, Nothing>;

const contracts: Readonly<Record<ServiceName, ReachedContract>> = {
  datasets: query('datasets', 'reached'),
  tasks: query('tasks', 'reached'),
  pilots: query('pilots', 'reached'),
  events: query('events', 'reached'),
  auth: query('auth', 'reached'),
};

/**
 * Replies when the service's answers show everything up to `position`; refused as `unavailable` after
 * {@link VISIBLE_WITHIN_MS}. Every service with a read model handles its own.
 */
export const Reached = (service: ServiceName): ReachedContract => contracts[service];
