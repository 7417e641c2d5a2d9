import { DomainError, type DomainErrorValue } from '#platform/domain-error.js';
import type { Answer, MessageContext } from '#bus/contract.js';
import type { KeyValueStore, KeyValueEntry } from '#storage/key-value-store.js';
import type { Ledger, Position } from '#ledger/ledger.js';

const RETENTION_MS = 24 * 60 * 60 * 1000;

/** Stream and revision of a command's last event, or those that it will have if the append succeeds. */
export interface EventLocation {
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
}

/** A command by the id that its repeats carry too. */
export interface NamedCommand {
  readonly commandId: string;
  readonly requestHash?: string | undefined;
}

/** The reply to a command, valid once the ledger holds its events at these revisions. */
export interface ProvisionalReply extends NamedCommand {
  readonly reply: unknown;
  readonly lastEvents: readonly EventLocation[];
}

/** The answer to a command without events. */
export interface FinalAnswer extends NamedCommand {
  readonly answer: Answer<unknown>;
}

/** The answer to a command that was carried out before; it may be given when the tables show the events. */
export interface EarlierAnswer {
  readonly answer: Answer<unknown>;
  readonly lastEvents: readonly EventLocation[];
}

/** An answer as it is stored: a compact tuple, because every command has one. */
type StoredAnswer = readonly [
  lastEvents: readonly (readonly [stream: string, revision: number, id: string])[],
  reply: unknown,
  requestHash?: string | null,
  error?: DomainErrorValue,
];

const PREFIX = 'reply/';

const entryOf = (commandId: string, kept: StoredAnswer): KeyValueEntry => ({
  key: PREFIX + commandId,
  value: JSON.stringify(kept),
  expiresAtMs: Date.now() + RETENTION_MS,
});

/** Another request under the id of an earlier one. */
export const KEY_REUSED = new DomainError(
  'conflict',
  'request.key-reused',
  'Idempotency-Key was used for another request',
).toValue();

/** Whether a repeated id carries the same request; commands whose ids Cairn made have no hash. */
export const isSameRequest = (first: string | null | undefined, repeat: string | undefined): boolean =>
  (first ?? undefined) === undefined || repeat === undefined || first === repeat;

/** What identifies repeats of the command; undefined when it has no id. */
export const nameOf = ({ commandId, requestHash }: MessageContext): NamedCommand | undefined =>
  commandId === undefined ? undefined : { commandId, requestHash };

/**
 * Stores the answers of commands by command id, so that a repeated command gets its first answer. Answers are written before
 * the append, with the revisions of the events, and are valid only if the ledger holds those events: a crash leaves neither an
 * answer without its events nor events without their answer. Commands without events change nothing and may be decided
 * again, so their answers are stored only for clients that send an idempotency key.
 */
export class IdempotencyStore {
  constructor(
    private readonly keyValueStore: KeyValueStore,
    private readonly ledger: Ledger,
  ) {}

  async saveBeforeAppend(replies: readonly ProvisionalReply[]): Promise<void> {
    if (replies.length === 0) return;
    const entries = replies.map(({ commandId, requestHash, reply, lastEvents }): KeyValueEntry => {
      const locations = lastEvents.map(({ stream, revision, id }) => [stream, revision, id] as const);
      return entryOf(commandId, requestHash === undefined ? [locations, reply] : [locations, reply, requestHash]);
    });
    // A power failure may take the last of them; see ADR 0006 for what a repeat does then.
    await this.keyValueStore.putAll(entries, 'process');
  }

  /** Saves refusals and answers of commands without events, once the state that they depend on is durable. */
  async save(replies: readonly FinalAnswer[]): Promise<void> {
    if (replies.length === 0) return;
    const entries = replies.map(({ commandId, requestHash = null, answer }) =>
      entryOf(commandId, 'error' in answer ? [[], null, requestHash, answer.error] : [[], answer.reply, requestHash]),
    );
    await this.keyValueStore.putAll(entries, 'process');
  }

  /** Answers of those of the commands that have been carried out, as the ledger holds their events. */
  async find(commands: readonly NamedCommand[]): Promise<ReadonlyMap<string, EarlierAnswer>> {
    const stored = await this.keyValueStore.getAll(commands.map(({ commandId }) => PREFIX + commandId));
    const answers = new Map<string, EarlierAnswer>();
    for (const { commandId, requestHash } of stored.size === 0 ? [] : commands) {
      const value = stored.get(PREFIX + commandId);
      if (value === undefined) continue;
      const kept = JSON.parse(value) as StoredAnswer;
      const answer = await this.answerOf(kept, requestHash);
      const lastEvents = kept[0].map(([stream, revision, id]) => ({ stream, revision, id }));
      if (answer !== undefined) answers.set(commandId, { answer, lastEvents });
    }
    return answers;
  }

  private async answerOf(
    [lastEvents, reply, first, error]: StoredAnswer,
    requestHash: string | undefined,
  ): Promise<Answer<unknown> | undefined> {
    const position = lastEvents.length === 0 ? undefined : await this.positionOf(lastEvents);
    if (lastEvents.length > 0 && position === undefined) return undefined;
    if (!isSameRequest(first, requestHash)) return { error: KEY_REUSED };
    if (error !== undefined) return { error };
    return position === undefined ? { reply } : { reply, position };
  }

  /** Position of the last event; undefined when the ledger does not hold each of them at its revision. */
  private async positionOf(lastEvents: StoredAnswer[0]): Promise<Position | undefined> {
    let last: Position | undefined;
    for (const [stream, revision, id] of lastEvents) {
      const [event] = await this.ledger.readStream(stream, { from: revision, limit: 1 });
      if (event?.id !== id) return undefined;
      last = Math.max(last ?? 0, event.position);
    }
    return last;
  }
}
