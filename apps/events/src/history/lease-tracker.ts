import type { UnitsMoved } from '#contracts/work-events.js';

type Data = Readonly<Record<string, unknown>>;

/**
 * Follows who holds a unit from event to event. An event about many units does not list the runs that it ended: the history
 * of one unit names it.
 */
export class LeaseTracker {
  /** @param leaseId held before the next event; empty when nobody holds the unit, or nobody knows */
  constructor(private leaseId: string) {}

  get current(): string {
    return this.leaseId;
  }

  /** Takes the next event of the unit; the lease of the run that it ended, unless the event names it itself. */
  next(type: string, data: Data): string | undefined {
    switch (type) {
      case 'UnitAdded':
      case 'UnitsClaimed':
        this.leaseId = typeof data['lease_id'] === 'string' ? data['lease_id'] : '';
        return undefined;
      case 'UnitFailed':
      case 'UnitSucceeded':
      case 'UnitsEvicted':
      // A client may have overwritten the lease.
      case 'UnitAmended':
        return this.release();
      case 'UnitsMoved': {
        const { clears = [], ended_lease_id: ended } = data as Partial<UnitsMoved>;
        if (ended !== undefined) return this.release();
        return clears.includes('lease') ? this.release(true) : undefined;
      }
      default:
        return undefined;
    }
  }

  private release(isEnd = false): string | undefined {
    const ended = isEnd && this.leaseId !== '' ? this.leaseId : undefined;
    this.leaseId = '';
    return ended;
  }
}
