import { Injectable } from '@nestjs/common';
import { nextLoopTurn } from '#platform/loop-turn.js';
import type { Page } from '#bus/contract.js';
import { VISIBLE_WITHIN_MS } from '#bus/visibility.js';
import type { UnitHome } from '#contracts/cairn/history.js';
import { Ledger, type RecordedEvent } from '#ledger/ledger.js';
import { PageBuilder } from '#event-sourcing/page-builder.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { LeaseTracker } from '../timeline/lease-tracker.js';
import { unitEntry } from './unit-entry.js';
import { UnitEvents } from './unit-events-projection.js';

/** Events read for one page: bulk changes are large events with small entries in the history of one unit. */
const PAGE_REVISIONS_MAX = 100;

/** Revisions at most this far apart are read together with the events between them. */
const GAP_MAX = 3;

/** Events may be large: so many are parsed before other requests get their turn. */
const SPAN_REVISIONS_MAX = 8;

/** Joins close revisions to inclusive spans `[from, to]`. */
const spansOf = (revisions: readonly number[]): readonly (readonly [number, number])[] => {
  const spans: [number, number][] = [];
  for (const revision of revisions) {
    const last = spans.at(-1);
    const isClose = last !== undefined && revision - last[1] <= GAP_MAX && revision - last[0] < SPAN_REVISIONS_MAX;
    if (isClose) last[1] = revision;
    else spans.push([revision, revision]);
  }
  return spans;
};

/** Reads the events of a unit from the ledger, in the order in which they happened. */
@Injectable()
export class UnitHistory {
  private readonly unitEvents: UnitEvents;

  constructor(
    private readonly readModel: ReadModel,
    private readonly ledger: Ledger,
  ) {
    this.unitEvents = new UnitEvents(readModel.queries);
  }

  /** `cursor` is the last revision of the previous page and the lease at that time. */
  async page({ stream, ordinal }: UnitHome, cursor?: string): Promise<Page> {
    // A caller that has just made a change must find it in the history.
    if (cursor === undefined) await this.readModel.waitForHead(VISIBLE_WITHIN_MS);
    const [after = '-1', lease = ''] = cursor?.split(' ', 2) ?? [];
    const leases = new LeaseTracker(decodeURIComponent(lease));
    const cursorAt = (revision: number): string => `${revision} ${encodeURIComponent(leases.current)}`;
    const revisions = this.unitEvents.revisionsOf(stream, ordinal, Number(after), PAGE_REVISIONS_MAX);
    // Events between them may belong to a batch that was never sealed.
    const effective = new Set(revisions);
    const page = new PageBuilder();
    for (const [from, to] of spansOf(revisions)) {
      await nextLoopTurn();
      for (const event of await this.read(stream, from, to)) {
        const entry = effective.has(event.revision) ? unitEntry(event, ordinal, leases) : undefined;
        if (entry === undefined) continue;
        page.add(entry, entry.length);
        if (page.isFull) return page.page(cursorAt(event.revision));
      }
    }
    const last = revisions.at(-1);
    return page.page(revisions.length < PAGE_REVISIONS_MAX || last === undefined ? undefined : cursorAt(last));
  }

  private read(stream: string, from: number, to: number): Promise<readonly RecordedEvent[]> {
    return this.ledger.readStream(stream, { from, limit: to - from + 1 });
  }
}
