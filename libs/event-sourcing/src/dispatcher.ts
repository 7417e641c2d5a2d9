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
  /** Which of them may want events of a type; of types that nobody names, those that want all. */
  private readonly routesByType: ReadonlyMap<string, readonly Route[]>;
  private readonly routesOfOthers: readonly Route[];
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
    const types = new Set(projections.flatMap(({ eventTypes = [] }) => eventTypes));
    const routesOf = (type: string | undefined): readonly Route[] =>
      this.routes.filter(({ types: wanted }) => wanted === undefined || (type !== undefined && wanted.has(type)));
    this.routesByType = new Map([...types].map((type) => [type, routesOf(type)]));
    this.routesOfOthers = routesOf(undefined);
    const prefixes = [...new Set(projections.flatMap((projection) => projection.streamPrefixes))];
    this.streamPrefixes = prefixes.filter((prefix) => !prefixes.some((p) => p !== prefix && prefix.startsWith(p)));
  }

  wants(stream: string, type: string): boolean {
    return this.routesOf(type).some((route) => isFor(route, stream));
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
    const routes = this.routesOf(event.type);
    for (let at = 0; at < routes.length; at++) {
      const work = applyTo(routes[at], event);
      if (work !== undefined) return this.continue(work, event, routes.slice(at + 1));
    }
    return undefined;
  }

  private *continue(
    work: Generator<void, void, void>,
    event: AppliedEvent,
    rest: readonly Route[],
  ): Generator<void, void, void> {
    yield* work;
    for (const route of rest) {
      const more = applyTo(route, event);
      if (more !== undefined) yield* more;
    }
  }

  private routesOf(type: string): readonly Route[] {
    return this.routesByType.get(type) ?? this.routesOfOthers;
  }

  /** Has everything written before a commit. */
  flush(): void {
    for (const { writer } of this.routes) writer.flush?.();
  }

  forget(): void {
    for (const { writer } of this.routes) writer.forget();
  }
}

const isFor = ({ prefixes }: Route, stream: string): boolean => {
  for (const prefix of prefixes) if (stream.startsWith(prefix)) return true;
  return false;
};

const applyTo = (route: Route | undefined, event: AppliedEvent): Generator<void, void, void> | undefined => {
  if (route === undefined || !isFor(route, event.stream)) return undefined;
  const work = route.writer.apply(event);
  return isGenerator(work) ? work : undefined;
};
