interface FairSharesOptions {
  /** How many there are in all. */
  readonly places: number;
  /** A client may hold so much of what is free: 1 is as much as is left, 0.1 a tenth of it. */
  readonly part: number;
}

/**
 * Shares a number of places among clients, so that none can take them all: who holds the given part of what is free gets no more
 * (dynamic thresholds, as switches share their buffers). With part 1, one client alone gets half of the places; with k greedy ones each comes to hold
 * 1/(k + 1), and as much stays free for newcomers. With part 0.05 these are 1/21 and 1/(k + 20).
 */
export class FairShares {
  private readonly held = new Map<string, number>();
  private taken = 0;

  constructor(private readonly options: FairSharesOptions) {}

  /** False when the client holds its share; true obliges to {@link giveBack}. */
  take(client: string): boolean {
    const { places, part } = this.options;
    const held = this.held.get(client) ?? 0;
    const free = places - this.taken;
    if (free === 0 || held >= Math.max(1, free * part)) return false;
    this.held.set(client, held + 1);
    this.taken += 1;
    return true;
  }

  giveBack(client: string): void {
    const held = this.held.get(client) ?? 0;
    if (held === 0) return;
    if (held > 1) this.held.set(client, held - 1);
    else this.held.delete(client);
    this.taken -= 1;
  }
}
