import { FLAVOURS, TASK_FLAVOURS } from '../range/flavour.js';
import type { SplitRules } from '../refine/split-rules.js';
import type { Task } from '../view.js';

const MAX_ATTEMPTS = 3;

/** Jobs of one chunk are created in one change. */
const CONSUMERS_MAX = 100;

const boundedCount = (count = 1): number => Math.min(CONSUMERS_MAX, Math.max(1, Math.trunc(count)));

/** What jobs of an event-service task have that others do not (contract 5.5). */
export class EventServiceJobs {
  private constructor(
    private readonly rules: SplitRules,
    readonly flavour: number,
  ) {}

  static of({ attributes: { eventService, useJumbo } }: Task, rules: SplitRules): EventServiceJobs | undefined {
    if (eventService === null || eventService === TASK_FLAVOURS.none) return undefined;
    if (eventService === TASK_FLAVOURS.fineGrained) return new EventServiceJobs(rules, FLAVOURS.fineGrained);
    const isBesideJumbo = useJumbo !== null && useJumbo !== 'D';
    return new EventServiceJobs(rules, isBesideJumbo ? FLAVOURS.coJumbo : FLAVOURS.consumer);
  }

  /** How many jobs share the records of a chunk. */
  get consumers(): number {
    return boundedCount(this.rules.number('nEsConsumers'));
  }

  /** Over how many queues they are spread. */
  get sites(): number {
    return boundedCount(this.rules.number('nSitesPerJob'));
  }

  maxAttempt(attemptNr: number): number {
    const { rules } = this;
    if (rules.has('disableAutoRetry')) return attemptNr;
    return attemptNr + (rules.number('maxAttemptEsJob') ?? rules.number('maxAttemptES') ?? MAX_ATTEMPTS);
  }
}
