import type { Task } from '../view.js';

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
  /** Jobs may end although some ranges are hopeless. */
  readonly acceptsPartial: boolean;
}

/** Which clone wins: the first that runs, or the first that stores its output (contract 5.4). */
export type CloningMode = 'runonce' | 'storeonce';

/** Flavours of tasks, `task.eventService` (contract 3.1). */
const CLONING = 2;
const FINE_GRAINED = 3;

const ATTEMPTS = 10;

/** Values of the rules `TAG=value` of a task by their tag. */
const rulesOf = (splitRule: string | null): ReadonlyMap<string, string> =>
  new Map(
    (splitRule ?? '').split(',').flatMap((rule): [string, string][] => {
      const at = rule.indexOf('=');
      return at < 1 ? [] : [[rule.slice(0, at), rule.slice(at + 1)]];
    }),
  );

const positive = (text: string | undefined): number | undefined => {
  const value = Number(text);
  return Number.isSafeInteger(value) && value > 0 ? value : undefined;
};

export const eventRulesOf = ({ attributes }: Pick<Task, 'attributes'>): EventRules => {
  const rules = rulesOf(attributes.splitRule);
  const isFineGrained = attributes.eventService === FINE_GRAINED;
  return {
    eventsPerRange: isFineGrained ? 1 : (positive(rules.get('ES')) ?? 1),
    attempts: positive(rules.get('XA')) ?? ATTEMPTS,
    cloning: attributes.eventService === CLONING ? cloningModeOf(rules.get('UC')) : undefined,
    isInFilePosition: rules.has('IF'),
    keepsFinished: rules.has('ND'),
    acceptsPartial: rules.has('AP'),
  };
};

const cloningModeOf = (value: string | undefined): CloningMode => (value === '2' ? 'storeonce' : 'runonce');
