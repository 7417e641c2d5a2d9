import { DomainError, type ErrorKind } from '#platform/domain-error.js';
import type { Answer } from '#bus/contract.js';
import { AppendTooLarge, EventTooLarge } from '#ledger/errors.js';
import type { NewEvent, Position } from '#ledger/ledger.js';
import { measure } from '#ledger/serialized-event.js';
import type { Decision, MailboxCommand } from './command.js';
import { nameOf, type EventLocation, type ProvisionalReply, type FinalAnswer } from './idempotency-store.js';
import type { Outcome } from './stream-append.js';

/** A command that waits for its answer. */
export interface Pending {
  readonly command: MailboxCommand<unknown>;
  readonly answer: (answer: Answer<unknown>) => void;
  /** The command's id, or else a UUID: event ids are made of it. */
  readonly idSeed: string;
  /** Index of the next event id: grows when the ledger holds some events of an attempt and the rest is decided again. */
  firstIndex: number;
  attempts: number;
}

/** What became of a command in one attempt, before its appends. */
export interface DecidedCommand {
  readonly pending: Pending;
  readonly decision: Decision<unknown>;
  readonly eventsByStream: readonly StreamEvents[];
}

/** A command's events in one stream, named by the last of them. */
export interface StreamEvents extends EventLocation {
  readonly events: readonly NewEvent[];
}

/** For commands that append nothing. */
export const NO_OUTCOMES: ReadonlyMap<string, Outcome> = new Map();

const replyOf = ({ decision, eventsByStream }: DecidedCommand): unknown => {
  if (decision instanceof DomainError) return undefined;
  const { reply } = decision;
  return typeof reply === 'function'
    ? (reply as (succeeded: ReadonlySet<string>) => unknown)(streamsOf(eventsByStream))
    : reply;
};

const streamsOf = (eventsByStream: readonly StreamEvents[]): ReadonlySet<string> =>
  new Set(eventsByStream.map(({ stream }) => stream));

/** The reply to save for repeats before the command's events are appended. */
export const provisionalReply = (each: DecidedCommand): readonly ProvisionalReply[] => {
  const name = nameOf(each.pending.command.context);
  if (name === undefined || each.eventsByStream.length === 0) return [];
  return [{ ...name, reply: replyOf(each), lastEvents: each.eventsByStream }];
};

/** Kinds of refusals that a repeat may not get again, because the request was not carried out. */
const TRANSIENT_KINDS: readonly ErrorKind[] = ['unavailable', 'internal', 'forbidden', 'unauthenticated'];

const isTransient = (decision: Decision<unknown>): boolean =>
  decision instanceof DomainError && TRANSIENT_KINDS.includes(decision.kind);

/** The answer to save for repeats of a command without events. */
export const finalAnswer = (each: DecidedCommand): readonly FinalAnswer[] => {
  const name = nameOf(each.pending.command.context);
  if (name?.requestHash === undefined || each.eventsByStream.length > 0 || isTransient(each.decision)) return [];
  return [{ ...name, answer: firstAnswer(each, NO_OUTCOMES) }];
};

/** The answer to a command, given the outcomes of its appends. */
export const firstAnswer = (each: DecidedCommand, outcomes: ReadonlyMap<string, Outcome>): Answer<unknown> => {
  if (each.decision instanceof DomainError) return { error: each.decision.toValue() };
  const reply = replyOf(each);
  let last: Position | undefined;
  for (const { stream } of each.eventsByStream) {
    const position = outcomes.get(stream)?.position;
    if (position !== undefined && (last === undefined || position > last)) last = position;
  }
  return last === undefined ? { reply } : { reply, position: last };
};

/** Of an event or append that the ledger never takes, however often it is sent. */
export const isSizeError = (error: unknown): error is EventTooLarge | AppendTooLarge =>
  error instanceof EventTooLarge || error instanceof AppendTooLarge;

/** The answer to a client whose events are too large. */
export const tooLargeError = ({ bytesMax }: EventTooLarge | AppendTooLarge): DomainError =>
  new DomainError('too-large', 'request.too-large', `The request has more than ${bytesMax} bytes`);

/** A refusal when one of a command's events is larger than the ledger takes. */
export const sizeRefusal = (eventsByStream: readonly StreamEvents[]): DomainError | undefined => {
  try {
    for (const { stream, events } of eventsByStream) for (const event of events) measure(stream, event);
    return undefined;
  } catch (error) {
    if (isSizeError(error)) return tooLargeError(error);
    throw error;
  }
};
