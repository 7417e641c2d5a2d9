import { DomainError } from '#platform/domain-error.js';
import type { DecidedEvent, Decision, SlicedDecision } from '#event-sourcing/command.js';
import { isGenerator } from '#event-sourcing/slices.js';

/** What a decision comes to, driven to its end. */
export const decided = <Reply>(
  decision: Decision<Reply> | SlicedDecision<Reply>,
): { readonly events: readonly DecidedEvent[]; readonly reply: Reply } => {
  const { events, reply } = accepted(isGenerator(decision) ? resultOf(decision) : decision);
  if (typeof reply === 'function') throw new Error('The reply depends on the appends');
  return { events, reply };
};

const accepted = <Decided>(decision: Decided | DomainError): Decided => {
  if (decision instanceof DomainError) throw decision;
  return decision;
};

const resultOf = <Result>(work: Generator<void, Result, void>): Result => {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
};
