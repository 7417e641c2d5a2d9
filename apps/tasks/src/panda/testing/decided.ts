import { DomainError } from '#platform/domain-error.js';
import type { Decided, DecidedEvent, Decision, SlicedDecision } from '#event-sourcing/command.js';
import { isGenerator } from '#event-sourcing/slices.js';
import { finished } from '#event-sourcing/testing/finished.js';

/** A decision, driven to its end; throws what it refuses with. */
export const accepted = <Reply>(decision: Decision<Reply> | SlicedDecision<Reply>): Decided<Reply> => {
  const outcome = isGenerator(decision) ? finished(decision) : decision;
  if (outcome instanceof DomainError) throw outcome;
  return outcome;
};

/** What a decision comes to whose reply does not depend on the appends. */
export const decided = <Reply>(
  decision: Decision<Reply> | SlicedDecision<Reply>,
): { readonly events: readonly DecidedEvent[]; readonly reply: Reply } => {
  const { events, reply } = accepted(decision);
  if (typeof reply === 'function') throw new Error('The reply depends on the appends');
  return { events, reply };
};
