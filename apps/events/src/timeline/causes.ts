import type { Caller } from '#bus/contract.js';
import { cursorAt } from '#event-sourcing/history-cursor.js';
import type { EventMetadata, Ledger, RecordedEvent } from '#ledger/ledger.js';
import type { EventAccess } from '../access/event-access.js';
import type { Origin } from '../dialect.js';
import type { HistoryIndex } from '../index/history-index.js';
import { dialectOf, type Step, stepOf } from './teller.js';

/** Of a longer chain the beginning is left out. */
const CHAIN_MAX = 16;

/** Chains that are kept: many events have the same one. */
const CHAINS_MAX = 1000;

/** How far from its end an event that led to others is looked for in its stream: nearly nothing follows it there. */
const LOOK_BACK = 16;

/** A step, and the stream whose readers may know it. */
interface Link {
  readonly stream: string;
  readonly step: Step;
}

/** Finds what led to an event: from the first request to the last event before it, as ids of requests and commands tell it. */
export class Causes {
  private readonly chains = new Map<string, readonly Link[]>();

  constructor(
    private readonly index: HistoryIndex,
    private readonly ledger: Ledger,
    private readonly access: EventAccess,
  ) {}

  /** Oldest first. Of events that the caller may not read it has the type and the time. */
  async of(event: RecordedEvent, caller: Caller): Promise<readonly Step[]> {
    const links = await this.chainOf(event, CHAIN_MAX);
    return links.map(({ stream, step }) => {
      if (this.access.mayRead(stream, caller)) return step;
      const { sequence, id, time, event: type } = step;
      return { sequence, id, time, event: type };
    });
  }

  private async chainOf(event: RecordedEvent, most: number): Promise<readonly Link[]> {
    const origin = dialectOf(event)?.originOf?.(JSON.parse(event.metadata) as EventMetadata);
    if (origin === undefined || most === 0 || !this.index.has(origin.stream)) return [];
    const key = `${origin.stream} ${origin.type}`;
    const known = this.chains.get(key);
    const chain = known ?? (await this.chainTo(origin, most));
    if (known === undefined && chain.length > 0) this.keep(key, chain);
    // The event that began it is no consequence of itself.
    return chain.at(-1)?.step.id === event.id ? [] : chain;
  }

  private async chainTo({ stream, type }: Origin, most: number): Promise<readonly Link[]> {
    const [first] = await this.ledger.readStream(stream, { limit: 1 });
    const event =
      first?.type === type
        ? first
        : (await this.ledger.readStream(stream, { direction: 'backwards', limit: LOOK_BACK })).find(
            (found) => found.type === type,
          );
    if (event === undefined) return [];
    const step = stepOf({ event, cursor: cursorAt(event.position) });
    return [...(await this.chainOf(event, most - 1)), { stream, step }];
  }

  private keep(key: string, chain: readonly Link[]): void {
    if (this.chains.size >= CHAINS_MAX) this.chains.clear();
    this.chains.set(key, chain);
  }
}
