import { RecentMap } from '#platform/recent-map.js';
import type { Position } from '#ledger/ledger.js';
import type { Caller, ServiceName } from './contract.js';
import type { UnseenChange } from './visibility.js';

/** Callers that are remembered. */
const CALLERS_MAX = 20_000;

/**
 * Changes that were answered before every service showed them: by caller, the position that each service has to reach
 * before it answers that caller's queries.
 */
export class UnseenChanges {
  private readonly byCaller = new RecentMap<Map<ServiceName, Position>>(CALLERS_MAX);

  add({ caller: { subject }, services, position }: UnseenChange): void {
    const positions = this.byCaller.get(subject) ?? new Map<ServiceName, Position>();
    for (const service of services) positions.set(service, Math.max(position, positions.get(service) ?? 0));
    this.byCaller.set(subject, positions);
  }

  /** What the service must show before it answers the caller; undefined when it shows everything. */
  positionFor({ subject }: Caller, service: ServiceName): Position | undefined {
    return this.byCaller.get(subject)?.get(service);
  }

  /** The service shows everything up to the position. */
  seen({ subject }: Caller, service: ServiceName, position: Position): void {
    const positions = this.byCaller.get(subject);
    if (positions === undefined || (positions.get(service) ?? Infinity) > position) return;
    positions.delete(service);
    if (positions.size === 0) this.byCaller.delete(subject);
  }
}
