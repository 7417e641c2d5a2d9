import { Injectable } from '@nestjs/common';
import type { WorkerResources } from '#contracts/torc/jobs.js';

/** Distinct offers that are remembered of a workflow: idle workers repeat theirs. */
const OFFERS_MAX = 20;
/** Workflows whose offers are remembered: those with the latest claims. */
const WORKFLOWS_MAX = 1_000;

/** What a claim offered. */
export interface SeenOffer {
  readonly resources: WorkerResources;
  readonly seenMicros: number;
  /** Whether the last such claim got a job. */
  readonly found: boolean;
}

/** Forgets what was remembered first, when there is more than `most`. */
const trim = (map: Map<string, unknown>, most: number): void => {
  for (const oldest of map.keys()) {
    if (map.size <= most) return;
    map.delete(oldest);
  }
};

/** The last distinct offers of workers, by workflow. In memory only, because workers soon ask again. */
@Injectable()
export class SeenOffers {
  private readonly byWorkflow = new Map<string, Map<string, SeenOffer>>();

  remember(workflow: string, resources: WorkerResources, seenMicros: number, found: boolean): void {
    // The time that is left differs from claim to claim.
    const name = JSON.stringify({ ...resources, time_limit: undefined });
    const offers = this.byWorkflow.get(workflow) ?? new Map<string, SeenOffer>();
    // Deleted first, so that the maps are in the order of the last claims.
    offers.delete(name);
    offers.set(name, { resources, seenMicros, found });
    this.byWorkflow.delete(workflow);
    this.byWorkflow.set(workflow, offers);
    trim(offers, OFFERS_MAX);
    trim(this.byWorkflow, WORKFLOWS_MAX);
  }

  /** Latest first. */
  of(workflow: string): readonly SeenOffer[] {
    return [...(this.byWorkflow.get(workflow)?.values() ?? [])].reverse();
  }
}
