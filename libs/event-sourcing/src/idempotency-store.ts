import { DomainError, type DomainErrorValue } from '#platform/domain-error.js';
import type { Answer, MessageContext } from '#bus/contract.js';
import type { KeyValueStore, KeyValueEntry } from '#storage/key-value-store.js';
import type { Ledger, Position } from '#ledger/ledger.js';

const KEPT_MS = 24 * 60 * 60 * 1000;

/** Where a command's last event in a stream stands, or will stand if the append succeeds. */
export interface PlacedEvent {
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
}

/** A command as its repeats name it. */
export interface NamedCommand {
  readonly commandId: string;
  readonly requestHash?: string | undefined;
}

/** What a command will have answered if its events come to stand where they are placed. */
export interface PromisedReply extends NamedCommand {
  readonly reply: unknown;
  readonly placed: readonly PlacedEvent[];
}

/** What a command without events has answered. */
export interface SettledReply extends NamedCommand {
  readonly answer: Answer<unknown>;
}

/** An answer as it is kept: short, because every command has one. */
type Kept = readonly [
  placed: readonly (readonly [stream: string, revision: number, id: string])[],
  reply: unknown,
  requestHash?: string | null,
  error?: DomainErrorValue,
];

const PREFIX = 'reply/';

const entryOf = (commandId: string, kept: Kept): KeyValueEntry => ({
  key: PREFIX + commandId,
  value: JSON.stringify(kept),
  expiresAtMs: Date.now() + KEPT_MS,
});

/** Another request under the name of an earlier one. */
export const KEY_REUSED = new DomainError(
  'conflict',
  'request.key-reused',
  'Idempotency-Key was used for another request',
).toValue();

/** The same name for the same request; commands that Cairn named itself have no hash. */
export const isSameRequest = (first: string | null | undefined, repeat: string | undefined): boolean =>
  (first ?? undefined) === undefined || repeat === undefined || first === repeat;

/** What a repeat of the command must have; nothing when the command has no name. */
export const nameOf = ({ commandId, requestHash }: MessageContext): NamedCommand | undefined =>
  commandId === undefined ? undefined : { commandId, requestHash };

/**
 * First answers of commands, by command id. They are written before the append, together with the places of the events, and
 * count only when the events stand there: so neither an answer without its events nor events without their answer can be
 * left by a crash. Commands without events change nothing and may be decided again, so they are remembered only for clients
 * that ask for it by naming their request.
 */
export class IdempotencyStore {
  constructor(
    private readonly keyValueStore: KeyValueStore,
    private readonly ledger: Ledger,
  ) {}

  async promise(replies: readonly PromisedReply[]): Promise<void> {
    if (replies.length === 0) return;
    const entries = replies.map(({ commandId, requestHash, reply, placed }): KeyValueEntry => {
      const places = placed.map(({ stream, revision, id }) => [stream, revision, id] as const);
      return entryOf(commandId, requestHash === undefined ? [places, reply] : [places, reply, requestHash]);
    });
    // A power failure may take the last of them; see ADR 0006 for what a repeat does then.
    await this.keyValueStore.putAll(entries, 'process');
  }

  /** Refusals and changes of nothing, once they rest on durable state. */
  async remember(replies: readonly SettledReply[]): Promise<void> {
    if (replies.length === 0) return;
    const entries = replies.map(({ commandId, requestHash = null, answer }) =>
      entryOf(commandId, 'error' in answer ? [[], null, requestHash, answer.error] : [[], answer.reply, requestHash]),
    );
    await this.keyValueStore.putAll(entries, 'process');
  }

  /** The answers of those commands that have been carried out. */
  async find(commands: readonly NamedCommand[]): Promise<ReadonlyMap<string, Answer<unknown>>> {
    const kept = await this.keyValueStore.getAll(commands.map(({ commandId }) => PREFIX + commandId));
    const answers = new Map<string, Answer<unknown>>();
    for (const { commandId, requestHash } of kept.size === 0 ? [] : commands) {
      const value = kept.get(PREFIX + commandId);
      const answer = value === undefined ? undefined : await this.answerOf(JSON.parse(value) as Kept, requestHash);
      if (answer !== undefined) answers.set(commandId, answer);
    }
    return answers;
  }

  private async answerOf(
    [placed, reply, first, error]: Kept,
    requestHash: string | undefined,
  ): Promise<Answer<unknown> | undefined> {
    const position = placed.length === 0 ? undefined : await this.positionOf(placed);
    if (placed.length > 0 && position === undefined) return undefined;
    if (!isSameRequest(first, requestHash)) return { error: KEY_REUSED };
    if (error !== undefined) return { error };
    return position === undefined ? { reply } : { reply, position };
  }

  /** Position of the last of the events; undefined when one of them does not stand where it was to be. */
  private async positionOf(placed: Kept[0]): Promise<Position | undefined> {
    let last: Position | undefined;
    for (const [stream, revision, id] of placed) {
      const [event] = await this.ledger.readStream(stream, { from: revision, limit: 1 });
      if (event?.id !== id) return undefined;
      last = Math.max(last ?? 0, event.position);
    }
    return last;
  }
}
