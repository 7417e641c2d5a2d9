import type { Answer } from '#bus/contract.js';
import type { Keep, KeepEntry } from '#keep/keep.js';
import type { Ledger, Position } from '#ledger/ledger.js';

const KEPT_MS = 24 * 60 * 60 * 1000;

/** Where a command's last event in a stream stands, or will stand if the append succeeds. */
export interface PlacedEvent {
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
}

/** What a command will have answered if its events come to stand where they are placed. */
export interface PromisedReply {
  readonly commandId: string;
  readonly reply: unknown;
  readonly placed: readonly PlacedEvent[];
}

/** A promised reply as it is kept: short, because every command has one. */
type Kept = readonly [placed: readonly (readonly [stream: string, revision: number, id: string])[], reply: unknown];

const PREFIX = 'reply/';

/**
 * First answers of commands, by command id. They are written before the append, together with the places of the events, and
 * count only when the events stand there: so neither an answer without its events nor events without their answer can be
 * left by a crash. Commands without events change nothing and may be decided again, so they are not remembered.
 */
export class FirstReplies {
  constructor(
    private readonly keep: Keep,
    private readonly ledger: Ledger,
  ) {}

  async promise(replies: readonly PromisedReply[]): Promise<void> {
    if (replies.length === 0) return;
    const expiresAtMs = Date.now() + KEPT_MS;
    const entries = replies.map(({ commandId, reply, placed }): KeepEntry => ({
      key: PREFIX + commandId,
      value: JSON.stringify([placed.map(({ stream, revision, id }) => [stream, revision, id]), reply] satisfies Kept),
      expiresAtMs,
    }));
    // A power failure may take the last of them; see ADR 0006 for what a repeat does then.
    await this.keep.putAll(entries, 'process');
  }

  /** The answers of those commands that have been carried out. */
  async find(commandIds: readonly string[]): Promise<ReadonlyMap<string, Answer<unknown>>> {
    const kept = await this.keep.getAll(commandIds.map((id) => PREFIX + id));
    const answers = new Map<string, Answer<unknown>>();
    for (const [key, value] of kept) {
      const [placed, reply] = JSON.parse(value) as Kept;
      const position = await this.positionOf(placed);
      if (position !== undefined) answers.set(key.slice(PREFIX.length), { reply, position });
    }
    return answers;
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
