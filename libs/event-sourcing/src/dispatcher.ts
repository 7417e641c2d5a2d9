import type { DatabaseSync } from 'node:sqlite';
import type { EventMetadata, RecordedEvent } from '#ledger/ledger.js';
import type { HistoryCursor } from './history-cursor.js';
import type { AppliedEvent, EventPlace, Projection, ProjectionWriter } from './projection.js';
import { isGenerator } from './slices.js';
import { type Lifts, schemaVersionOf, upcast } from './upcast.js';

/** A recorded event whose texts are parsed when a projection asks for them. */
class ReplayedEvent implements AppliedEvent {
  private parsedData: AppliedEvent['data'] | undefined;
  private parsedMetadata: EventMetadata | undefined;

  constructor(
    private readonly recorded: RecordedEvent,
    private readonly lifts: Lifts,
    private readonly sealed: HistoryCursor | undefined,
  ) {}

  get place(): EventPlace {
    const { position } = this.recorded;
    return { position, cursor: this.sealed ?? { at: position } };
  }

  get stream(): string {
    return this.recorded.stream;
  }

  get revision(): number {
    return this.recorded.revision;
  }

  get id(): string {
    return this.recorded.id;
  }

  get type(): string {
    return this.recorded.type;
  }

  get data(): AppliedEvent['data'] {
    return (this.parsedData ??= this.lifted());
  }

  get metadata(): EventMetadata {
    return (this.parsedMetadata ??= JSON.parse(this.recorded.metadata) as EventMetadata);
  }

  private lifted(): AppliedEvent['data'] {
    const data = JSON.parse(this.recorded.data) as AppliedEvent['data'];
    // Most types have one version only; their metadata need not be looked at.
    if (this.lifts[this.type] === undefined) return data;
    return upcast(this.lifts, this.type, data, this.metadata.schemaVersion);
  }
}

interface Route {
  readonly prefixes: readonly string[];
  readonly types: ReadonlySet<string> | undefined;
  readonly writer: ProjectionWriter;
}

/** Hands events to the projections that want them. */
export class Dispatcher {
  private readonly routes: readonly Route[];
  /** Everything that some projection wants, for the subscription. */
  readonly streamPrefixes: readonly string[];

  constructor(
    projections: readonly Projection[],
    database: DatabaseSync,
    private readonly lifts: Lifts,
  ) {
    this.routes = projections.map((projection) => ({
      prefixes: projection.streamPrefixes,
      types: projection.eventTypes && new Set(projection.eventTypes),
      writer: projection.attach(database),
    }));
    const prefixes = [...new Set(projections.flatMap((projection) => projection.streamPrefixes))];
    this.streamPrefixes = prefixes.filter((prefix) => !prefixes.some((p) => p !== prefix && prefix.startsWith(p)));
  }

  wants(stream: string, type: string): boolean {
    return this.routes.some((route) => isFor(route, stream, type));
  }

  schemaVersionOf(type: string): number {
    return schemaVersionOf(this.lifts, type);
  }

  /** @param sealed of an event of a staged batch, where it took effect */
  replayed(event: RecordedEvent, sealed?: HistoryCursor): AppliedEvent {
    return new ReplayedEvent(event, this.lifts, sealed);
  }

  /** Applies an event; long work comes back as a generator that does the rest. */
  apply(event: AppliedEvent): Generator<void, void, void> | undefined {
    for (let at = 0; at < this.routes.length; at++) {
      const work = this.applyTo(at, event);
      if (work !== undefined) return this.continue(work, event, at + 1);
    }
    return undefined;
  }

  private *continue(work: Generator<void, void, void>, event: AppliedEvent, from: number): Generator<void, void, void> {
    yield* work;
    for (let at = from; at < this.routes.length; at++) {
      const more = this.applyTo(at, event);
      if (more !== undefined) yield* more;
    }
  }

  private applyTo(at: number, event: AppliedEvent): Generator<void, void, void> | undefined {
    const route = this.routes[at];
    if (route === undefined || !isFor(route, event.stream, event.type)) return undefined;
    const work = route.writer.apply(event);
    return isGenerator(work) ? work : undefined;
  }

  /** Has everything written before a commit. */
  flush(): void {
    for (const { writer } of this.routes) writer.flush?.();
  }

  forget(): void {
    for (const { writer } of this.routes) writer.forget();
  }
}

const isFor = ({ prefixes, types }: Route, stream: string, type: string): boolean =>
  (types === undefined || types.has(type)) && prefixes.some((prefix) => stream.startsWith(prefix));
