import { SplitRules } from '../refine/split-rules.js';
import type { Task } from '../view.js';
import { TASK_FLAVOURS } from './flavour.js';

/** What the split rules and attributes of a task say of its event ranges (contract 5.5, 9.6). */
export interface EventRules {
  readonly eventsPerRange: number;
  /** How often a range may be tried. */
  readonly attempts: number;
  readonly cloning: CloningMode | undefined;
  /** Numbers of events begin anew with each record of a job. */
  readonly isInFilePosition: boolean;
  /** Finished ranges of a record stay when it is cut anew. */
  readonly keepsFinished: boolean;
}

/** Which clone wins: the first that runs, or the first that stores its output (contract 5.4). */
export type CloningMode = 'runonce' | 'storeonce';

const ATTEMPTS = 10;

export const eventRulesOf = ({ attributes }: Pick<Task, 'attributes'>): EventRules => {
  const rules = SplitRules.parse(attributes.splitRule);
  const isFineGrained = attributes.eventService === TASK_FLAVOURS.fineGrained;
  return {
    eventsPerRange: isFineGrained ? 1 : (atLeastOne(rules.number('nEventsPerWorker')) ?? 1),
    attempts: atLeastOne(rules.number('maxAttemptES')) ?? ATTEMPTS,
    cloning: attributes.eventService === TASK_FLAVOURS.cloning ? modeOf(rules.text('useJobCloning')) : undefined,
    isInFilePosition: rules.has('inFilePosEvtNum'),
    keepsFinished: rules.has('notDiscardEvents'),
  };
};

const atLeastOne = (value: number | undefined): number | undefined =>
  value !== undefined && value >= 1 ? Math.trunc(value) : undefined;

const modeOf = (value: string | undefined): CloningMode => (value === 'storeonce' ? 'storeonce' : 'runonce');
