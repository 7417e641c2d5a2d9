import { Injectable } from '@nestjs/common';
import type { ClaimTasksRequest } from '#contracts/iceprod/tasks.js';

/** Distinct offers that are remembered. */
const OFFERS_MAX = 20;

/** Longer offers are not remembered. */
const OFFER_CHARS_MAX = 16_384;

/** What a claim offered. */
export interface SeenOffer {
  readonly mode: ClaimTasksRequest['mode'];
  /** Raw JSON of objects. */
  readonly requirements: string;
  readonly queryParams: string;
  readonly seenMicros: number;
  /** Whether the last such claim got a task. */
  readonly found: boolean;
}

/** The last distinct offers. In memory only, because workers soon ask again. */
@Injectable()
export class RecentOffers {
  private readonly offers = new Map<string, SeenOffer>();

  remember(
    { mode, requirements, query_params: queryParams }: ClaimTasksRequest,
    seenMicros: number,
    found: boolean,
  ): void {
    if (requirements.length + queryParams.length > OFFER_CHARS_MAX) return;
    const name = `${mode}\n${requirements}\n${queryParams}`;
    // Deleted first, so that the map is ordered by the last claim.
    this.offers.delete(name);
    this.offers.set(name, { mode, requirements, queryParams, seenMicros, found });
    if (this.offers.size <= OFFERS_MAX) return;
    for (const oldest of this.offers.keys()) {
      this.offers.delete(oldest);
      return;
    }
  }

  /** Latest first. */
  latest(): readonly SeenOffer[] {
    return [...this.offers.values()].reverse();
  }
}
