import type { SplitRules } from '../refine/split-rules.js';
import type { Task } from '../view.js';

/** Flavours of tasks (PanDA contract 3.1). */
const FINE_GRAINED_TASK = 3;
/** Flavours of jobs (contract 5). */
const CONSUMER = 1;
const BESIDE_JUMBO = 5;
const FINE_GRAINED = 6;

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
    if (eventService === null || eventService === 0) return undefined;
    if (eventService === FINE_GRAINED_TASK) return new EventServiceJobs(rules, FINE_GRAINED);
    const isBesideJumbo = useJumbo !== null && useJumbo !== 'D';
    return new EventServiceJobs(rules, isBesideJumbo ? BESIDE_JUMBO : CONSUMER);
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
