import type { UnitsMoved } from '#contracts/work-events.js';

type Data = Readonly<Record<string, unknown>>;

/**
 * Tracks the lease of one unit through its events. An event about many units does not list the leases that it ended, so the
 * history of a unit adds it.
 */
export class LeaseTracker {
  /** @param leaseId lease before the next event. Empty when there is none or it is unknown. */
  constructor(private leaseId: string) {}

  get current(): string {
    return this.leaseId;
  }

  /** Applies the next event. Returns the lease that it ended, unless the event itself names it. */
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
