import { DomainError } from '#platform/domain-error.js';
import type { Caller } from '#bus/contract.js';
import { accessDenied } from '#contracts/access.js';
import type { UnitHome } from '#contracts/cairn/history.js';
import { readObjectName } from '#contracts/cairn/objects.js';
import type { TimelineRequest } from '#contracts/cairn/timelines.js';
import type { PartKind } from '#contracts/event-filter.js';
import type { Ledger } from '#ledger/ledger.js';
import type { EventAccess } from '../access/event-access.js';
import { DIALECTS } from '../dialects.js';
import { documentHomes, objectSubjects } from '../index/history-filter.js';
import { entity } from '../index/mentions.js';
import type { EntryQuery } from '../index/entry-numbers.js';
import type { SearchedIndex } from '../index/history-index.js';
import { readEvents } from '../index/read-events.js';
import type { Description } from './description.js';
import { dialectOf, type Told } from './teller.js';

type About = NonNullable<EntryQuery['about']>;

/** What a timeline is about, as the index finds it and as it is told. */
export interface TimelineSubject {
  readonly about: About;
  readonly told: Told;
}

export const notFound = (kind: string): DomainError =>
  new DomainError('not-found', `${kind}.not-found`, `${kind[0]?.toUpperCase() ?? ''}${kind.slice(1)} not found`);

/** Types of the events whose descriptions are so. */
const typesWhere = (holds: (description: Description<object>) => boolean): About[number] => [
  ...new Set(
    DIALECTS.flatMap(({ descriptions }) =>
      Object.entries(descriptions).flatMap(([type, description]) => (holds(description) ? [entity('type', type)] : [])),
    ),
  ),
];

const SITE_TYPES = typesWhere(({ sets }) => sets?.site !== undefined);
const ACCESS_TYPES = typesWhere(({ sets }) => sets?.access !== undefined);
const BEGINNING_TYPES = typesWhere((description) => description.begins !== undefined);

/** Requests that one request leads to, directly or not: more are not followed. */
const REQUESTS_MAX = 100;

/**
 * Finds what a timeline is about, and checks that the caller may read it. Of workers, sites, people and requests each event is checked when it is
 * read: they concern many workloads.
 *
 * @throws DomainError `not-found`, `forbidden`; `conflict` for an id of several workloads; `unavailable` while the index is being rebuilt
 */
export class TimelineSubjects {
  constructor(
    private readonly index: SearchedIndex,
    private readonly access: EventAccess,
    private readonly ledger: Ledger,
  ) {}

  async find({ kind, id, home }: TimelineRequest, caller: Caller): Promise<TimelineSubject> {
    switch (kind) {
      case 'unit':
      case 'group': {
        const { stream, ordinal } = home ?? this.homesOf(kind, id, caller)[0];
        const mentioned = kind === 'unit' ? [entity('unit', id)] : [];
        const told = { kind, id, stream, ordinals: [ordinal] };
        return { about: [[{ part: kind, stream, ordinal }, ...mentioned]], told };
      }
      case 'workload':
        return { about: [[entity('workload-itself', this.readableWorkload(id, caller))]], told: { kind, id } };
      case 'access': {
        const workload = entity('workload-itself', this.readableWorkload(id, caller));
        return { about: [[workload], ACCESS_TYPES], told: { kind, id } };
      }
      case 'site':
        return { about: [[entity('site', id)], SITE_TYPES], told: { kind, id } };
      case 'worker':
      case 'person':
        return { about: [[entity(kind, id)]], told: { kind, id } };
      case 'object':
        return this.object(id, caller);
      case 'request':
        return { about: [(await this.requestsFrom(id)).map((request) => entity('request', request))], told: { id } };
    }
  }

  private object(id: string, caller: Caller): TimelineSubject {
    const name = readObjectName(id);
    if (name === undefined) throw notFound('object');
    if (name.kind !== 'document') return { about: [objectSubjects(this.index, id)], told: { kind: 'object', id } };
    // All are of the workflow that the id names. One that was deleted and stored again has another ordinal.
    const homes = this.homesOf('document', name.id, caller);
    const [{ stream }] = homes;
    const told = { kind: name.kind, id: name.id, stream, ordinals: homes.map(({ ordinal }) => ordinal) };
    return { about: [homes.map((home) => ({ part: 'document', ...home }))], told };
  }

  /** Where a part is that the caller may read. */
  private homesOf(kind: PartKind, id: string, caller: Caller): readonly [UnitHome, ...UnitHome[]] {
    const homes = kind === 'document' ? documentHomes(this.index, id) : this.index.partsNamed(kind, id);
    if (homes.length === 0) throw notFound(kind);
    const [first, ...others] = homes.filter(({ stream }) => this.access.mayRead(stream, caller));
    if (first === undefined) throw accessDenied();
    return [first, ...others];
  }

  /** Ref of a workload that the caller may read. */
  private readableWorkload(id: string, caller: Caller): string {
    const workload = this.index.resolveWorkload(id);
    this.access.checkWorkload(workload, caller);
    return workload;
  }

  /** Correlation ids of a request and of all that it led to. */
  private async requestsFrom(id: string): Promise<readonly string[]> {
    const found = new Set([id]);
    // What is added meanwhile gets its turn too.
    for (const request of found) {
      const about: About = [[entity('request', request)], BEGINNING_TYPES];
      for await (const { entries } of this.index.entries({ order: 'oldest', about })) {
        for (const event of await readEvents(this.ledger, entries)) {
          const begun = dialectOf(event)?.descriptions[event.type]?.begins?.(JSON.parse(event.data) as object);
          if (begun !== undefined && found.size < REQUESTS_MAX) found.add(begun);
        }
      }
    }
    return [...found];
  }
}
