import type { Position, RecordedEvent } from './ledger.js';

/** Bounds of what is kept in memory for subscribers that are at the head. */
const EVENTS_MAX = 2048;
const CHARACTERS_MAX = 4 * 1024 * 1024;

/**
 * The last events of the ledger, without a gap, as this process appended them: subscribers at the head take them from
 * here and read nothing from disk.
 */
export class RecentEvents {
  private events: RecordedEvent[] = [];
  private characters = 0;

  /** Takes the next events; forgets all earlier ones when they do not follow on. */
  push(events: readonly RecordedEvent[]): void {
    const first = events[0];
    if (first === undefined) return;
    const last = this.events.at(-1);
    if (last !== undefined && last.position + 1 !== first.position) this.clear();
    for (const event of events) {
      this.events.push(event);
      this.characters += event.data.length + event.metadata.length;
    }
    // Halved at once rather than one by one: shifting an array costs its length.
    while (this.events.length > EVENTS_MAX || (this.characters > CHARACTERS_MAX && this.events.length > 1))
      this.halve();
  }

  /** The events behind `after`, at most `limit`; undefined when the event next to `after` is not here. */
  behind(after: Position, limit: number): readonly RecordedEvent[] | undefined {
    const first = this.events[0];
    if (first === undefined || after + 1 < first.position) return undefined;
    const start = after + 1 - first.position;
    return start < this.events.length ? this.events.slice(start, start + limit) : undefined;
  }

  clear(): void {
    this.events = [];
    this.characters = 0;
  }

  private halve(): void {
    this.events = this.events.slice(Math.ceil(this.events.length / 2));
    this.characters = this.events.reduce((sum, { data, metadata }) => sum + data.length + metadata.length, 0);
  }
}
