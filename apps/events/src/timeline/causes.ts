import type { Caller } from '#bus/contract.js';
import type { EffectiveEvent } from '#event-sourcing/effective-events.js';
import { cursorAt } from '#event-sourcing/history-cursor.js';
import type { EventMetadata, Ledger, RecordedEvent } from '#ledger/ledger.js';
import type { EventAccess } from '../access/event-access.js';
import type { Origin } from '../dialect.js';
import type { SearchedIndex } from '../index/history-index.js';
import { entity } from '../index/mentions.js';
import { readEvents } from '../index/read-events.js';
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
  readonly command: string;
  readonly step: Step;
}

/** Events of one command have the same; a command need not have an id of its own, but has its time. */
const commandOf = ({ causationId, timeMicros }: EventMetadata): string => `${timeMicros} ${causationId}`;

/** Finds what led to an event: from the first request to the last event before it, as ids of requests and commands tell it. */
export class Causes {
  private readonly chains = new Map<string, readonly Link[]>();

  constructor(
    private readonly index: Pick<SearchedIndex, 'entries' | 'has'>,
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
    const metadata = JSON.parse(event.metadata) as EventMetadata;
    const origin = dialectOf(event)?.originOf?.(metadata);
    if (origin === undefined || most === 0) return [];
    const key = JSON.stringify(origin);
    const known = this.chains.get(key);
    const chain = known ?? (await this.chainTo(origin, most));
    if (known === undefined && chain.length > 0) this.keep(key, chain);
    // What began it, and what was recorded together with that, is no consequence of it.
    return chain.at(-1)?.command === commandOf(metadata) ? [] : chain;
  }

  private async chainTo(origin: Origin, most: number): Promise<readonly Link[]> {
    const found = await ('request' in origin ? this.firstOf(origin.request) : this.lastOf(origin.stream, origin.type));
    if (found === undefined) return [];
    const { stream, metadata } = found.event;
    const command = commandOf(JSON.parse(metadata) as EventMetadata);
    // The first event of a request would lead to itself.
    const before = 'request' in origin ? [] : await this.chainOf(found.event, most - 1);
    return [...before, { stream, command, step: stepOf(found) }];
  }

  private async firstOf(request: string): Promise<EffectiveEvent | undefined> {
    for await (const { entries } of this.index.entries({ order: 'oldest', about: [[entity('request', request)]] })) {
      const [entry] = entries;
      if (entry === undefined) continue;
      const [event] = await readEvents(this.ledger, [entry]);
      return event && { event, cursor: entry.cursor };
    }
    return undefined;
  }

  private async lastOf(stream: string, type: string): Promise<EffectiveEvent | undefined> {
    if (!this.index.has(stream)) return undefined;
    const [first] = await this.ledger.readStream(stream, { limit: 1 });
    const event =
      first?.type === type
        ? first
        : (await this.ledger.readStream(stream, { direction: 'backwards', limit: LOOK_BACK })).find(
            (found) => found.type === type,
          );
    return event && { event, cursor: cursorAt(event.position) };
  }

  private keep(key: string, chain: readonly Link[]): void {
    if (this.chains.size >= CHAINS_MAX) this.chains.clear();
    this.chains.set(key, chain);
  }
}
