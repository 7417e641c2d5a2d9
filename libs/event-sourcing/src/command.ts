import type { DomainError } from '#platform/domain-error.js';
import type { MessageContext } from '#bus/contract.js';

/** A fact that a decider wants recorded; the mailbox adds id, time and the rest of the metadata. */
export interface DecidedEvent {
  readonly stream: string;
  readonly type: string;
  readonly data: object;
}

export interface Decided<Reply> {
  readonly events: readonly DecidedEvent[];
  /** May be a function when the answer depends on which streams' appends succeeded (claims over several streams). */
  readonly reply: Reply | ((succeeded: ReadonlySet<string>) => Reply);
}

export type Decision<Reply> = Decided<Reply> | DomainError;

/** A decision that may take long: yields where a slice of work may end. */
export type SlicedDecision<Reply> = Generator<void, Decision<Reply>, void>;

/**
 * A command as the mailbox runs it. `decide` reads the state through the read model's writing connection, which shows the
 * effects of the commands before it in the same drain. It may run again after a conflict, so it must not have effects.
 */
export interface MailboxCommand<Reply> {
  readonly context: MessageContext;
  /** Fixed when the command arrived: microseconds since the Unix epoch. */
  readonly timeMicros: number;
  readonly decide: () => Decision<Reply> | SlicedDecision<Reply>;
}
