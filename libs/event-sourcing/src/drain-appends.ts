import { APPEND_BYTES_MAX, type EventMetadata, type Ledger, type NewEvent } from '#ledger/ledger.js';
import { eventId } from '#ledger/event-id.js';
import { measure } from '#ledger/serialized-event.js';
import type { DecidedEvent } from './command.js';
import type { Pending, StreamEvents } from './decided-command.js';
import type { AppliedEvent } from './projection.js';
import type { ReadModel } from './read-model.js';
import type { Slices } from './slices.js';
import { type Outcome, StreamAppend } from './stream-append.js';

/** The stream to be written ends with parts of a batch that nobody will seal. */
export class UnsealedTail extends Error {
  override readonly name = 'UnsealedTail';

  constructor(readonly stream: string) {
    super(`Stream ${stream} ends with an unsealed batch`);
  }
}

/** As many events as these fit into one append, however large each is. */
const EVENTS_SURELY_FITTING = 3;

/** The events of the commands that are decided together: one append for each stream. */
export class DrainAppends {
  private readonly appends = new Map<string, StreamAppend>();

  constructor(
    private readonly readModel: ReadModel,
    private readonly ledger: Ledger,
  ) {}

  get isEmpty(): boolean {
    return this.appends.size === 0;
  }

  /** The streams that are written to. */
  get streams(): Iterable<string> {
    return this.appends.keys();
  }

  /**
   * Gives a command's events their ids and revisions and applies them, so that later commands see their effects.
   *
   * @throws UnsealedTail, EventTooLarge
   */
  async add(pending: Pending, events: readonly DecidedEvent[], slices: Slices): Promise<readonly StreamEvents[]> {
    const eventsByStream: StreamEvents[] = [];
    const created = this.createEvents(pending, events);
    // If one stream's part were too large for the ledger, the other streams' parts would be appended without it.
    if (created.size > 1) for (const [stream, part] of created) for (const event of part) measure(stream, event);
    for (const [stream, part] of created) {
      const append = this.appends.get(stream) ?? this.openAppend(stream);
      let revision = append.nextRevision;
      const staged = await isTooLargeForOneAppend(stream, part, slices);
      for (const event of part) {
        const { id, type, metadata } = event;
        const data = event.data as AppliedEvent['data'];
        const work = this.readModel.apply({ stream, revision: revision++, id, type, data, metadata });
        if (work !== undefined) await slices.drive(work);
        else if (slices.spent) await slices.pause();
      }
      const last = staged ? append.addStaged(part) : append.add(part);
      if (staged) this.readModel.skipTo(stream, last.revision, last.id);
      eventsByStream.push({ stream, revision: last.revision, id: last.id, events: part });
    }
    return eventsByStream;
  }

  /** Appends everything, all streams at once. Never rejects. */
  async append(): Promise<ReadonlyMap<string, Outcome>> {
    const appends = [...this.appends.values()];
    return new Map(
      await Promise.all(
        appends.map(async (append): Promise<[string, Outcome]> => [append.stream, await append.append()]),
      ),
    );
  }

  private openAppend(stream: string): StreamAppend {
    if (this.readModel.endsUnsealed(stream)) throw new UnsealedTail(stream);
    const append = new StreamAppend(this.ledger, stream, this.readModel.revisionOf(stream));
    this.appends.set(stream, append);
    return append;
  }

  private createEvents(pending: Pending, events: readonly DecidedEvent[]): ReadonlyMap<string, readonly NewEvent[]> {
    const { context, timeMicros } = pending.command;
    const first: EventMetadata = {
      timeMicros,
      actor: context.caller.subject,
      ...(context.caller.issuer !== undefined && { issuer: context.caller.issuer }),
      dialect: context.dialect,
      correlationId: context.correlationId,
      causationId: context.commandId ?? context.correlationId,
      schemaVersion: 1,
    };
    const byStream = new Map<string, NewEvent[]>();
    let index = pending.firstIndex;
    for (const { stream, type, data } of events) {
      const schemaVersion = this.readModel.schemaVersionOf(type);
      const metadata = schemaVersion === 1 ? first : { ...first, schemaVersion };
      const event = { id: idOf(pending, index++), type, data, metadata };
      const same = byStream.get(stream);
      if (same === undefined) byStream.set(stream, [event]);
      else same.push(event);
    }
    return byStream;
  }
}

/** Without an id that its repeats carry too, the seed of a command is its own, and the id of its first event: most have no other. */
const idOf = ({ command, idSeed }: Pending, index: number): string =>
  index === 0 && command.context.commandId === undefined ? idSeed : eventId(idSeed, index);

/** @throws EventTooLarge */
const isTooLargeForOneAppend = async (
  stream: string,
  events: readonly NewEvent[],
  slices: Slices,
): Promise<boolean> => {
  if (events.length <= EVENTS_SURELY_FITTING) return false;
  let bytes = 0;
  for (const event of events) {
    bytes += measure(stream, event);
    if (slices.spent) await slices.pause();
  }
  return bytes > APPEND_BYTES_MAX;
};
