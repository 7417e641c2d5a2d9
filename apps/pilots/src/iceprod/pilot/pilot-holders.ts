import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { DomainError } from '#platform/domain-error.js';
import type { Caller } from '#bus/contract.js';
import { isWorkerOnly, leaseHolderOf, leaseNotHeld } from '#contracts/leases.js';

/** Which callers of the role `worker` have registered which pilots. */
export class PilotHolders {
  private readonly select: StatementSync;

  constructor(database: DatabaseSync) {
    this.select = database.prepare('SELECT holder FROM pilot WHERE id = ?');
  }

  /** Undefined for unknown pilots and for those that others have registered. */
  of(pilotId: string): string | undefined {
    const holder = this.select.get(pilotId)?.['holder'];
    return typeof holder === 'string' ? holder : undefined;
  }

  /** Refuses a worker that asks for another pilot than its own. */
  authorize(pilotId: string, caller: Caller): DomainError | undefined {
    return isWorkerOnly(caller) && this.of(pilotId) !== leaseHolderOf(caller) ? leaseNotHeld() : undefined;
  }
}
