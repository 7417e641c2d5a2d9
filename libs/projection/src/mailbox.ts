import { randomUUID } from 'node:crypto';
import { nowMicros } from '#platform/clock.js';
import { DomainError, type ErrorKind } from '#platform/domain-error.js';
import type { Log } from '#platform/logging.js';
import type { Answer } from '#bus/contract.js';
import type { Keep } from '#keep/keep.js';
import { AppendTooLarge, EventTooLarge, LedgerUnavailable, RevisionConflict } from '#ledger/errors.js';
import { eventId } from '#ledger/event-id.js';
import {
  APPEND_BYTES_MAX,
  type EventMetadata,
  type Ledger,
  type NewEvent,
  NO_STREAM,
  type Position,
} from '#ledger/ledger.js';
import { serialize } from '#ledger/serialized-event.js';
import { abandonUnsealed } from '#ledger/staged-batch.js';
import type { DecidedEvent, Decision, MailboxCommand } from './command.js';
import { isStorageFault } from './faults.js';
import {
  FirstReplies,
  isSameRequest,
  KEY_REUSED,
  nameOf,
  type PlacedEvent,
  type PromisedReply,
  type SettledReply,
} from './first-replies.js';
import type { AppliedEvent } from './projection.js';
import type { ReadModel } from './read-model.js';
import { isGenerator, Slices } from './slices.js';
import { type Outcome, StreamLane } from './stream-lane.js';

/** Commands decided in one transaction: bounds how long the first of them waits for the last. */
const DRAIN_COMMANDS_MAX = 512;

/** Commands waiting; further ones are refused, so that a stall does not fill the memory. */
const QUEUE_COMMANDS_MAX = 20_000;

/** How often a command is decided again because another writer was faster. */
const ATTEMPTS_MAX = 8;

export interface MailboxOptions {
  readonly readModel: ReadModel;
  readonly ledger: Ledger;
  readonly keep: Keep;
  readonly log?: Log;
  /** Is told once per drain, not per command. */
  readonly meter?: MailboxMeter;
}

/** What an operator sees of a mailbox. */
export interface MailboxMeter {
  /** So many commands were decided together. */
  drained(commands: number): void;
  /** The ledger took so long to make their events durable. */
  appended(seconds: number): void;
}

interface Pending {
  readonly command: MailboxCommand<unknown>;
  readonly answer: (answer: Answer<unknown>) => void;
  /** Event ids are made of this and an index. */
  readonly idSeed: string;
  /** Index of the next event id: grows when events of an attempt stand in the ledger and the rest is decided again. */
  firstIndex: number;
  attempts: number;
}

interface InFlight {
  readonly requestHash: string | undefined;
  readonly answered: Promise<Answer<unknown>>;
}

/** What became of a command in one attempt, before its appends. */
interface Decided {
  readonly pending: Pending;
  readonly decision: Decision<unknown>;
  readonly placed: readonly Placed[];
}

/** A command's events in one stream, named by the last of them. */
interface Placed extends PlacedEvent {
  readonly events: readonly NewEvent[];
}

const NOTHING_PLACED: readonly Placed[] = [];

const unavailable = (code: string, message: string): Answer<unknown> => ({
  error: { kind: 'unavailable', code, message },
});

const CLOSED = unavailable('mailbox.closed', 'The service is stopping');
const FULL = unavailable('mailbox.full', 'Too many requests are waiting');
const LATE = unavailable('mailbox.late', 'The request was not started before its deadline');
const CONTENDED = unavailable('mailbox.contended', 'Other writers were faster each time');
const UNKNOWN = unavailable('mailbox.outcome-unknown', 'Whether the change was made is not known');
const NO_LEDGER = unavailable('mailbox.no-ledger', 'The ledger takes no changes at present');
const FAILED: Answer<unknown> = {
  error: { kind: 'internal', code: 'internal', message: 'Internal error' },
};

/** A command whose decider or events made something throw. The others of its drain are decided again without it. */
class CommandFailed extends Error {
  override readonly name = 'CommandFailed';

  constructor(
    readonly pending: Pending,
    override readonly cause: unknown,
  ) {
    super('A command could not be carried out');
  }
}

/** A stream that is to be written ends with parts of a batch that nobody will seal. */
class UnsealedTail extends Error {
  override readonly name = 'UnsealedTail';

  constructor(readonly stream: string) {
    super(`Stream ${stream} ends with an unsealed batch`);
  }
}

/**
 * The one place where a service writes. Takes all waiting commands at once, decides them in order, each seeing the events
 * of those before it, appends with one append per stream, commits the read model and only then answers: nothing is
 * visible that is not durable.
 */
export class Mailbox {
  private readonly readModel: ReadModel;
  private readonly ledger: Ledger;
  private readonly replies: FirstReplies;
  private readonly log: Log | undefined;
  private readonly meter: MailboxMeter | undefined;
  private readonly inFlight = new Map<string, InFlight>();
  private queue: Pending[] = [];
  private working: Promise<void> | undefined;
  private closed = false;

  constructor({ readModel, ledger, keep, log, meter }: MailboxOptions) {
    this.readModel = readModel;
    this.ledger = ledger;
    this.replies = new FirstReplies(keep, ledger);
    this.log = log;
    this.meter = meter;
  }

  /**
   * Resolves when the command's events are durable and visible, or with its refusal. A command with the id of an earlier
   * one gets the earlier one's reply, or a refusal when it asks for something else. Never rejects.
   */
  execute<Reply>(command: MailboxCommand<Reply>): Promise<Answer<Reply>> {
    const { commandId, requestHash } = command.context;
    const same = commandId === undefined ? undefined : this.inFlight.get(commandId);
    if (same !== undefined) {
      const isRepeat = isSameRequest(same.requestHash, requestHash);
      return isRepeat ? (same.answered as Promise<Answer<Reply>>) : Promise.resolve({ error: KEY_REUSED });
    }
    const answered = this.enqueue(command);
    if (commandId !== undefined) {
      this.inFlight.set(commandId, { requestHash, answered });
      void answered.then(() => this.inFlight.delete(commandId));
    }
    return answered as Promise<Answer<Reply>>;
  }

  /** Takes no further commands; resolves when all that wait are answered. */
  async close(): Promise<void> {
    this.closed = true;
    await this.working;
  }

  private enqueue(command: MailboxCommand<unknown>): Promise<Answer<unknown>> {
    if (this.closed) return Promise.resolve(CLOSED);
    if (this.queue.length >= QUEUE_COMMANDS_MAX) return Promise.resolve(FULL);
    return new Promise((answer) => {
      const idSeed = command.context.commandId ?? randomUUID();
      this.queue.push({ command, answer, idSeed, firstIndex: 0, attempts: 0 });
      this.working ??= this.work();
    });
  }

  private async work(): Promise<void> {
    // Everything that arrives in this turn of the event loop goes into the same drain.
    await new Promise((resume) => setImmediate(resume));
    while (this.queue.length > 0) {
      const drained = this.queue.splice(0, DRAIN_COMMANDS_MAX);
      this.meter?.drained(drained.length);
      try {
        await this.drain(drained);
      } catch (error) {
        this.log?.error({ error, commands: drained.length }, 'A drain of the mailbox failed');
        for (const { answer } of drained) answer(UNKNOWN);
      }
    }
    this.working = undefined;
  }

  private async drain(drained: readonly Pending[]): Promise<void> {
    await this.readModel.caughtUp();
    let waiting = await this.withoutRepeats(drained);
    while (waiting.length > 0) {
      const attempted = waiting;
      waiting = await this.readModel.exclusive(() => this.attempt(attempted));
    }
  }

  /** Answers commands that were carried out before and, as nobody waits for them any more, those that come too late. */
  private async withoutRepeats(drained: readonly Pending[]): Promise<readonly Pending[]> {
    const now = Date.now();
    const named = drained.flatMap(({ command }) => nameOf(command.context) ?? []);
    const known = named.length === 0 ? undefined : await this.replies.find(named);
    return drained.filter((pending) => {
      const { commandId, deadlineMs } = pending.command.context;
      const first = commandId === undefined ? undefined : known?.get(commandId);
      if (first !== undefined) pending.answer(first);
      else if (deadlineMs <= now) pending.answer(LATE);
      else return true;
      return false;
    });
  }

  /** Decides, appends and commits; returns the commands that must be decided again. */
  private async attempt(commands: readonly Pending[]): Promise<readonly Pending[]> {
    const lanes = new Map<string, StreamLane>();
    this.readModel.begin();
    try {
      const decided = await this.decideAll(commands, lanes);
      await this.replies.promise(decided.flatMap(promisedReply));
      const outcomes = await this.appendAll(lanes);
      for (const { failure } of outcomes.values()) {
        if (failure === undefined) continue;
        this.readModel.rollback();
        return await this.afterFailure(decided, outcomes);
      }
      this.readModel.commit();
      await this.remember(decided.flatMap(settledReply));
      for (const each of decided) each.pending.answer(firstAnswer(each, outcomes));
      return [];
    } catch (error) {
      this.readModel.rollback();
      if (error instanceof UnsealedTail) {
        await this.abandon(error.stream);
        return commands;
      }
      if (!(error instanceof CommandFailed)) throw error;
      this.refuse(error);
      return commands.filter((pending) => pending !== error.pending);
    }
  }

  private async appendAll(lanes: ReadonlyMap<string, StreamLane>): Promise<ReadonlyMap<string, Outcome>> {
    if (lanes.size === 0) return NO_OUTCOMES;
    const startMs = performance.now();
    const outcomes = await appendAll(lanes);
    this.meter?.appended((performance.now() - startMs) / 1000);
    return outcomes;
  }

  /** The change stands: a failure here must not undo it. */
  private async remember(replies: readonly SettledReply[]): Promise<void> {
    if (replies.length === 0) return;
    try {
      await this.replies.remember(replies);
    } catch (error) {
      this.log?.error({ error }, 'Answers without events could not be kept for repeats');
    }
  }

  private async decideAll(commands: readonly Pending[], lanes: Map<string, StreamLane>): Promise<readonly Decided[]> {
    const slices = new Slices();
    const decided: Decided[] = [];
    for (const pending of commands) {
      try {
        const deciding = pending.command.decide();
        const decision = isGenerator(deciding) ? await slices.drive(deciding) : deciding;
        const events = decision instanceof DomainError ? [] : decision.events;
        const placed = events.length === 0 ? NOTHING_PLACED : await this.place(pending, events, lanes, slices);
        decided.push({ pending, decision, placed });
      } catch (error) {
        throw error instanceof UnsealedTail || isStorageFault(error) ? error : new CommandFailed(pending, error);
      }
      if (slices.spent) await slices.pause();
    }
    return decided;
  }

  /** Gives events their ids and places and applies them, so that the commands behind see them. */
  private async place(
    pending: Pending,
    events: readonly DecidedEvent[],
    lanes: Map<string, StreamLane>,
    slices: Slices,
  ): Promise<readonly Placed[]> {
    const placed: Placed[] = [];
    const created = this.createEvents(pending, events);
    // If one stream's part were too large for the ledger, the other streams' parts would stand without it.
    if (created.size > 1) for (const [stream, part] of created) for (const event of part) serialize(stream, event);
    for (const [stream, part] of created) {
      const lane = lanes.get(stream) ?? this.openLane(stream);
      lanes.set(stream, lane);
      let revision = lane.nextRevision;
      const staged = await isTooLargeForOneAppend(stream, part, slices);
      for (const event of part) {
        const { id, type, metadata } = event;
        const data = event.data as AppliedEvent['data'];
        const work = this.readModel.apply({ stream, revision: revision++, id, type, data, metadata });
        if (work !== undefined) await slices.drive(work);
        else if (slices.spent) await slices.pause();
      }
      const last = staged ? lane.addStaged(part) : lane.add(part);
      if (staged) this.readModel.skipTo(stream, last.revision, last.id);
      placed.push({ stream, revision: last.revision, id: last.id, events: part });
    }
    return placed;
  }

  private openLane(stream: string): StreamLane {
    if (this.readModel.endsUnsealed(stream)) throw new UnsealedTail(stream);
    return new StreamLane(this.ledger, stream, this.readModel.revisionOf(stream));
  }

  /** This mailbox owns the stream, so whoever began the batch at its end is gone. */
  private async abandon(stream: string): Promise<void> {
    const correlationId = randomUUID();
    this.log?.warn({ stream, correlationId }, 'An unsealed batch is abandoned');
    await abandonUnsealed(this.ledger, stream, {
      timeMicros: nowMicros(),
      actor: 'cairn',
      dialect: 'cairn',
      correlationId,
      causationId: correlationId,
      schemaVersion: 1,
    });
    await this.readModel.catchUpStream(stream);
  }

  private createEvents(
    { command, idSeed, firstIndex }: Pending,
    events: readonly DecidedEvent[],
  ): ReadonlyMap<string, readonly NewEvent[]> {
    const { context, timeMicros } = command;
    const first: EventMetadata = {
      timeMicros,
      actor: context.caller.subject,
      dialect: context.dialect,
      correlationId: context.correlationId,
      causationId: context.commandId ?? context.correlationId,
      schemaVersion: 1,
    };
    const byStream = new Map<string, NewEvent[]>();
    let index = firstIndex;
    for (const { stream, type, data } of events) {
      const schemaVersion = this.readModel.schemaVersionOf(type);
      const metadata = schemaVersion === 1 ? first : { ...first, schemaVersion };
      const event = { id: eventId(idSeed, index++), type, data, metadata };
      const same = byStream.get(stream);
      if (same === undefined) byStream.set(stream, [event]);
      else same.push(event);
    }
    return byStream;
  }

  /** Catches up with what the ledger holds now, answers what is settled and returns what must be decided again. */
  private async afterFailure(
    decided: readonly Decided[],
    outcomes: ReadonlyMap<string, Outcome>,
  ): Promise<readonly Pending[]> {
    for (const [stream, { position, failure }] of outcomes) {
      if (position !== undefined || !(failure instanceof LedgerUnavailable)) await this.readModel.catchUpStream(stream);
    }
    const again: Pending[] = [];
    for (const each of decided) if (!(await this.settle(each, outcomes))) again.push(each.pending);
    return again;
  }

  /** Whether the command has got its answer. */
  private async settle(each: Decided, outcomes: ReadonlyMap<string, Outcome>): Promise<boolean> {
    const { pending, decision, placed } = each;
    // Refusals and empty decisions may rest on events that have been undone.
    if (decision instanceof DomainError || placed.length === 0) return false;
    const standing = placed.filter(({ stream, revision }) => revision <= (outcomes.get(stream)?.revision ?? NO_STREAM));
    const failures = placed.flatMap((part) => (standing.includes(part) ? [] : [outcomes.get(part.stream)?.failure]));
    if (failures.length === 0 || (standing.length > 0 && typeof decision.reply === 'function')) {
      const partial = { ...each, placed: standing };
      if (failures.length > 0) await this.replies.promise(promisedReply(partial));
      pending.answer(firstAnswer(partial, outcomes));
      return true;
    }
    const tooLarge = sizeRefusal(placed);
    if (tooLarge !== undefined) {
      pending.answer({ error: tooLarge.toValue() });
      return true;
    }
    const fault = failures.find((failure) => !(failure instanceof RevisionConflict || isSizeError(failure)));
    pending.attempts++;
    if (fault !== undefined || pending.attempts >= ATTEMPTS_MAX) {
      this.log?.error({ error: failures[0] }, 'An append failed');
      pending.answer(fault === undefined ? CONTENDED : fault instanceof LedgerUnavailable ? NO_LEDGER : UNKNOWN);
      return true;
    }
    // Ids of events that stand must not be used again for others.
    if (standing.length > 0) pending.firstIndex += decision.events.length;
    return false;
  }

  private refuse({ pending, cause }: CommandFailed): void {
    if (isSizeError(cause)) {
      pending.answer({ error: tooLargeError(cause).toValue() });
      return;
    }
    this.log?.error({ error: cause, correlationId: pending.command.context.correlationId }, 'A command failed');
    pending.answer(FAILED);
  }
}

/** As many events as these fit into one append, however large each is. */
const EVENTS_SURELY_FITTING = 3;

/** @throws EventTooLarge */
const isTooLargeForOneAppend = async (
  stream: string,
  events: readonly NewEvent[],
  slices: Slices,
): Promise<boolean> => {
  if (events.length <= EVENTS_SURELY_FITTING) return false;
  let bytes = 0;
  for (const event of events) {
    bytes += serialize(stream, event).bytes;
    if (slices.spent) await slices.pause();
  }
  return bytes > APPEND_BYTES_MAX;
};

const isSizeError = (error: unknown): error is EventTooLarge | AppendTooLarge =>
  error instanceof EventTooLarge || error instanceof AppendTooLarge;

const tooLargeError = ({ bytesMax }: EventTooLarge | AppendTooLarge): DomainError =>
  new DomainError('invalid', 'request.too-large', `The request has more than ${bytesMax} bytes`);

/** A refusal when one of a command's events is larger than the ledger takes. */
const sizeRefusal = (placed: readonly Placed[]): DomainError | undefined => {
  try {
    for (const { stream, events } of placed) for (const event of events) serialize(stream, event);
    return undefined;
  } catch (error) {
    if (isSizeError(error)) return tooLargeError(error);
    throw error;
  }
};

const appendAll = async (lanes: ReadonlyMap<string, StreamLane>): Promise<ReadonlyMap<string, Outcome>> =>
  new Map(
    await Promise.all(
      [...lanes.values()].map(async (lane): Promise<[string, Outcome]> => [lane.stream, await lane.append()]),
    ),
  );

const replyOf = ({ decision, placed }: Decided): unknown => {
  if (decision instanceof DomainError) return undefined;
  const { reply } = decision;
  return typeof reply === 'function'
    ? (reply as (succeeded: ReadonlySet<string>) => unknown)(streamsOf(placed))
    : reply;
};

const streamsOf = (placed: readonly Placed[]): ReadonlySet<string> => new Set(placed.map(({ stream }) => stream));

const promisedReply = (each: Decided): readonly PromisedReply[] => {
  const name = nameOf(each.pending.command.context);
  if (name === undefined || each.placed.length === 0) return [];
  return [{ ...name, reply: replyOf(each), placed: each.placed }];
};

/** Kinds of refusals that say nothing of the request: it has not been carried out yet. */
const PASSING: readonly ErrorKind[] = ['unavailable', 'internal', 'forbidden', 'unauthenticated'];

const isPassing = (decision: Decision<unknown>): boolean =>
  decision instanceof DomainError && PASSING.includes(decision.kind);

const NO_OUTCOMES: ReadonlyMap<string, Outcome> = new Map();

const settledReply = (each: Decided): readonly SettledReply[] => {
  const name = nameOf(each.pending.command.context);
  if (name?.requestHash === undefined || each.placed.length > 0 || isPassing(each.decision)) return [];
  return [{ ...name, answer: firstAnswer(each, NO_OUTCOMES) }];
};

const firstAnswer = (each: Decided, outcomes: ReadonlyMap<string, Outcome>): Answer<unknown> => {
  if (each.decision instanceof DomainError) return { error: each.decision.toValue() };
  const reply = replyOf(each);
  let last: Position | undefined;
  for (const { stream } of each.placed) {
    const position = outcomes.get(stream)?.position;
    if (position !== undefined && (last === undefined || position > last)) last = position;
  }
  return last === undefined ? { reply } : { reply, position: last };
};
