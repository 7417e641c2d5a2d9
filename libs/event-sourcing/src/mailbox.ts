import { randomUUID } from 'node:crypto';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import type { Log } from '#platform/logging.js';
import type { Answer } from '#bus/contract.js';
import type { KeyValueStore } from '#storage/key-value-store.js';
import { LedgerUnavailable, RevisionConflict } from '#ledger/errors.js';
import { type Ledger, NO_STREAM } from '#ledger/ledger.js';
import { abandonUnsealed } from '#ledger/staged-batch.js';
import type { MailboxCommand } from './command.js';
import {
  type DecidedCommand,
  firstAnswer,
  isSizeError,
  NO_OUTCOMES,
  type Pending,
  type StreamEvents,
  provisionalReply,
  finalAnswer,
  sizeRefusal,
  tooLargeError,
} from './decided-command.js';
import { isDiskFull, isStorageError } from './sqlite-errors.js';
import {
  type EarlierAnswer,
  IdempotencyStore,
  isSameRequest,
  KEY_REUSED,
  nameOf,
  type FinalAnswer,
} from './idempotency-store.js';
import { DrainAppends, UnsealedTail } from './drain-appends.js';
import type { ReadModel } from './read-model.js';
import { isGenerator, Slices } from './slices.js';
import type { Outcome } from './stream-append.js';

/** Commands decided in one transaction: bounds how long the first of them waits for the last. */
const DRAIN_COMMANDS_MAX = 512;

/** Commands waiting; further ones are refused, so that a stall does not fill the memory. */
const QUEUE_COMMANDS_MAX = 20_000;

/** How often a command is decided again because another writer was faster. */
const ATTEMPTS_MAX = 8;

export interface MailboxOptions {
  readonly readModel: ReadModel;
  readonly ledger: Ledger;
  readonly keyValueStore: KeyValueStore;
  readonly log?: Log;
  /** Called once per drain, not once per command. */
  readonly meter?: MailboxMeter;
}

/** What an operator sees of a mailbox. */
export interface MailboxMeter {
  /** So many commands were decided together. */
  drained(commands: number): void;
  /** The ledger took so long to make their events durable. */
  appended(seconds: number): void;
}

interface InFlight {
  readonly requestHash: string | undefined;
  readonly answered: Promise<Answer<unknown>>;
}

const NO_STREAM_EVENTS: readonly StreamEvents[] = [];

const unavailable = (code: string, message: string): Answer<unknown> => ({
  error: { kind: 'unavailable', code, message },
});

const CLOSED = unavailable('mailbox.closed', 'The service is stopping');
const FULL = unavailable('mailbox.full', 'Too many requests are waiting');
const LATE = unavailable('mailbox.late', 'The request was not started before its deadline');
const CONTENDED = unavailable('mailbox.contended', 'Other writers were faster each time');

/** Names what an operator can do something about. */
const withReason = (message: string, fault: unknown): string =>
  isDiskFull(fault) ? `${message}: the disk is full` : message;

const unknownOutcome = (fault: unknown): Answer<unknown> =>
  unavailable('mailbox.outcome-unknown', withReason('Whether the change was made is not known', fault));
const noLedger = (fault: unknown): Answer<unknown> =>
  unavailable('mailbox.no-ledger', withReason('The ledger takes no changes at present', fault));

const FAILED: Answer<unknown> = {
  error: { kind: 'internal', code: 'internal', message: 'Internal error' },
};

/** The tables refuse what the commands of a drain make together: the one that is to blame is found when each is alone. */
class DrainFailed extends Error {
  override readonly name = 'DrainFailed';
}

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

/**
 * The one place where a service writes. Takes all waiting commands at once, decides them in order, each seeing the events
 * of those before it, appends with one append per stream, commits the read model and only then answers: nothing is
 * visible that is not durable.
 */
export class Mailbox {
  private readonly readModel: ReadModel;
  private readonly ledger: Ledger;
  private readonly replies: IdempotencyStore;
  private readonly log: Log | undefined;
  private readonly meter: MailboxMeter | undefined;
  /** Streams that may hold events of this mailbox that the tables do not show. Nothing is decided before they do. */
  private readonly unsettled = new Set<string>();
  private readonly inFlight = new Map<string, InFlight>();
  private queue: Pending[] = [];
  private working: Promise<void> | undefined;
  /** Resolves when answers that were put off are sent. */
  private answering: Promise<void> | undefined;
  private closed = false;

  constructor({ readModel, ledger, keyValueStore, log, meter }: MailboxOptions) {
    this.readModel = readModel;
    this.ledger = ledger;
    this.replies = new IdempotencyStore(keyValueStore, ledger);
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
    await this.answering;
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
        this.log?.error({ error, commands: drained.length }, 'Commands could not be processed');
        for (const { answer } of drained) answer(unknownOutcome(error));
      }
    }
    this.working = undefined;
  }

  private async drain(drained: readonly Pending[]): Promise<void> {
    await this.readModel.caughtUp();
    try {
      await this.settleEarlier();
    } catch (error) {
      this.log?.warn({ error }, 'Nothing can be decided: what the last appends wrote cannot be read');
      for (const { answer } of drained) answer(noLedger(error));
      return;
    }
    let waiting = await this.withoutRepeats(drained);
    while (waiting.length > 0) {
      const attempted = waiting;
      waiting = await this.readModel.exclusive(() => this.attempt(attempted));
    }
  }

  /** Catches up with appends that failed earlier, until the tables show all that they may have written. */
  private async settleEarlier(): Promise<void> {
    if (this.unsettled.size > 0) await this.readModel.exclusive(() => this.catchUp(this.unsettled));
  }

  private async catchUp(streams: Iterable<string>): Promise<void> {
    for (const stream of streams) {
      await this.readModel.catchUpStream(stream);
      this.unsettled.delete(stream);
    }
  }

  /** An earlier answer is given only when the tables show its events, like any other answer. */
  private async showEventsOf(answers: Iterable<EarlierAnswer>): Promise<void> {
    const behind = new Set<string>();
    for (const { lastEvents } of answers) {
      for (const { stream, revision } of lastEvents) {
        if (this.readModel.revisionOf(stream) < revision) behind.add(stream);
      }
    }
    if (behind.size > 0) await this.catchUp(behind);
  }

  /** Answers commands that were carried out before and, as nobody waits for them any more, those that come too late. */
  private async withoutRepeats(drained: readonly Pending[]): Promise<readonly Pending[]> {
    const now = Date.now();
    const named = drained.flatMap(({ command }) => nameOf(command.context) ?? []);
    const known = named.length === 0 ? undefined : await this.replies.find(named);
    if (known !== undefined && known.size > 0) await this.readModel.exclusive(() => this.showEventsOf(known.values()));
    return drained.filter((pending) => {
      const { commandId, deadlineMs } = pending.command.context;
      const first = commandId === undefined ? undefined : known?.get(commandId);
      if (first !== undefined) pending.answer(first.answer);
      else if (deadlineMs <= now) pending.answer(LATE);
      else return true;
      return false;
    });
  }

  /** Decides, appends and commits; returns the commands that must be decided again. */
  private async attempt(commands: readonly Pending[]): Promise<readonly Pending[]> {
    const appends = new DrainAppends(this.readModel, this.ledger);
    this.readModel.begin();
    try {
      const decided = await this.decideAll(commands, appends);
      this.flush(commands);
      await this.replies.saveBeforeAppend(decided.flatMap(provisionalReply));
      for (const stream of appends.streams) this.unsettled.add(stream);
      const outcomes = await this.appendAll(appends);
      for (const [stream, { failure, position }] of outcomes) {
        if (failure === undefined) {
          if (position !== undefined) this.readModel.appended(stream, position);
          continue;
        }
        this.readModel.rollback();
        return await this.afterFailure(decided, outcomes);
      }
      this.readModel.commit();
      for (const stream of appends.streams) this.unsettled.delete(stream);
      await this.saveAnswers(decided.flatMap(finalAnswer));
      this.answer(decided, outcomes);
      return [];
    } catch (error) {
      this.readModel.rollback();
      if (error instanceof UnsealedTail) {
        await this.abandon(error.stream);
        return commands;
      }
      if (error instanceof DrainFailed) return await this.attemptEach(commands);
      if (!(error instanceof CommandFailed)) throw error;
      this.refuse(error);
      return commands.filter((pending) => pending !== error.pending);
    }
  }

  /**
   * Commands that wait are decided first, and their events sent to the ledger: sending the answers takes the thread as long as deciding, and the
   * ledger works meanwhile.
   */
  private answer(decided: readonly DecidedCommand[], outcomes: ReadonlyMap<string, Outcome>): void {
    // What throws here is an error of this drain. Where answers are put off, nobody would catch it.
    const answers = decided.map((each) => [each.pending, firstAnswer(each, outcomes)] as const);
    const send = (): void => {
      for (const [pending, answer] of answers) pending.answer(answer);
    };
    if (this.queue.length === 0) {
      send();
      return;
    }
    this.answering = new Promise((sent) => {
      setImmediate(() => {
        send();
        sent();
      });
    });
  }

  private async attemptEach(commands: readonly Pending[]): Promise<readonly Pending[]> {
    const again: Pending[] = [];
    for (const command of commands) again.push(...(await this.attempt([command])));
    return again;
  }

  /** What the tables refuse must not be appended: they would refuse it at every start. */
  private flush(commands: readonly Pending[]): void {
    try {
      this.readModel.flush();
    } catch (cause) {
      if (isStorageError(cause)) throw cause;
      const [first, ...others] = commands;
      throw first === undefined || others.length > 0
        ? new DrainFailed('Commands could not be carried out together', { cause })
        : new CommandFailed(first, cause);
    }
  }

  private async appendAll(appends: DrainAppends): Promise<ReadonlyMap<string, Outcome>> {
    if (appends.isEmpty) return NO_OUTCOMES;
    const startMs = performance.now();
    const outcomes = await appends.append();
    this.meter?.appended((performance.now() - startMs) / 1000);
    return outcomes;
  }

  /** The change is durable: a failure here must not undo it. */
  private async saveAnswers(replies: readonly FinalAnswer[]): Promise<void> {
    if (replies.length === 0) return;
    try {
      await this.replies.save(replies);
    } catch (error) {
      this.log?.error({ error }, 'Answers could not be saved for repeats');
    }
  }

  private async decideAll(commands: readonly Pending[], appends: DrainAppends): Promise<readonly DecidedCommand[]> {
    const slices = new Slices();
    const decided: DecidedCommand[] = [];
    for (const pending of commands) {
      try {
        const deciding = pending.command.decide();
        const decision = isGenerator(deciding) ? await slices.drive(deciding) : deciding;
        const events = decision instanceof DomainError ? [] : decision.events;
        const eventsByStream = events.length === 0 ? NO_STREAM_EVENTS : await appends.add(pending, events, slices);
        decided.push({ pending, decision, eventsByStream });
      } catch (error) {
        throw error instanceof UnsealedTail || isStorageError(error) ? error : new CommandFailed(pending, error);
      }
      if (slices.spent) await slices.pause();
    }
    return decided;
  }

  /** This mailbox owns the stream, so the process that began the batch at its end is gone. */
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

  /** Catches up with what the ledger holds now, answers what is settled and returns what must be decided again. */
  private async afterFailure(
    decided: readonly DecidedCommand[],
    outcomes: ReadonlyMap<string, Outcome>,
  ): Promise<readonly Pending[]> {
    for (const [stream, { position, failure }] of outcomes) {
      if (position === undefined && failure instanceof LedgerUnavailable) this.unsettled.delete(stream);
    }
    await this.catchUp(this.unsettled);
    const again: Pending[] = [];
    for (const each of decided) if (!(await this.settle(each, outcomes))) again.push(each.pending);
    return again;
  }

  /** Whether the command has got its answer. */
  private async settle(each: DecidedCommand, outcomes: ReadonlyMap<string, Outcome>): Promise<boolean> {
    const { pending, decision, eventsByStream } = each;
    // Refusals and empty decisions may rest on events that have been undone.
    if (decision instanceof DomainError || eventsByStream.length === 0) return false;
    const appended = eventsByStream.filter(
      ({ stream, revision }) => revision <= (outcomes.get(stream)?.revision ?? NO_STREAM),
    );
    const failures = eventsByStream.flatMap((part) =>
      appended.includes(part) ? [] : [outcomes.get(part.stream)?.failure],
    );
    if (failures.length === 0 || (appended.length > 0 && typeof decision.reply === 'function')) {
      const partial = { ...each, eventsByStream: appended };
      if (failures.length > 0) await this.replies.saveBeforeAppend(provisionalReply(partial));
      pending.answer(firstAnswer(partial, outcomes));
      return true;
    }
    const tooLarge = sizeRefusal(eventsByStream);
    if (tooLarge !== undefined) {
      pending.answer({ error: tooLarge.toValue() });
      return true;
    }
    const fault = failures.find((failure) => !(failure instanceof RevisionConflict || isSizeError(failure)));
    pending.attempts++;
    if (fault !== undefined || pending.attempts >= ATTEMPTS_MAX) {
      this.log?.error({ error: failures[0] }, 'An append failed');
      pending.answer(
        fault === undefined ? CONTENDED : fault instanceof LedgerUnavailable ? noLedger(fault) : unknownOutcome(fault),
      );
      return true;
    }
    // Ids of appended events must not be used again for other events.
    if (appended.length > 0) pending.firstIndex += decision.events.length;
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
