import { DomainError } from '#platform/domain-error.js';
import { refOfStream } from '#ledger/ref.js';
import type { UnitHome } from '#contracts/cairn/history.js';
import { EVERY, readObjectName } from '#contracts/cairn/objects.js';
import { FILTER_NAMES, type FilterName, type HistoryFilter } from '#contracts/cairn/audit.js';
import type { EventFilter, EventSubject } from '#contracts/event-filter.js';
import { DIALECTS } from '../dialects.js';
import type { SearchedIndex } from './history-index.js';
import { entity } from './mentions.js';

/** What names stand for. */
type Names = Pick<SearchedIndex, 'resolveWorkload' | 'partsNamed'>;

/** A {@link HistoryFilter} whose names have been looked up: as `HistoryIndex.entries` takes it. */
export interface ResolvedFilter {
  readonly about: EventFilter;
  readonly fromMicros?: number;
  readonly untilMicros?: number;
}

/**
 * @throws DomainError `not-found` for workloads, units, groups and documents without a history; `conflict` for ids that several workloads have, or units of
 *   several; `unavailable` while the index is being rebuilt
 */
export const resolveFilter = (index: Names, filter: HistoryFilter): ResolvedFilter => {
  const workloads = filter.workload?.map((name) => index.resolveWorkload(name));
  const subjectsOf = (kind: FilterName, name: string): readonly EventSubject[] => {
    if (kind === 'workload') return [`workload:${index.resolveWorkload(name)}`];
    if (kind === 'unit' || kind === 'group') return partsOf(index, kind, name, workloads);
    if (kind === 'object') return objectSubjects(index, name);
    return [`${kind}:${name}`];
  };
  const about = FILTER_NAMES.flatMap((kind) => {
    const names = filter[kind];
    return names === undefined ? [] : [names.flatMap((name) => subjectsOf(kind, name))];
  });
  const { from, until } = filter;
  return { about, ...(from !== undefined && { fromMicros: from }), ...(until !== undefined && { untilMicros: until }) };
};

/** Where documents with a public id are. */
export const documentHomes = (index: Names, id: string): readonly UnitHome[] => {
  const named = index.partsNamed('document', id);
  return named.length > 0 ? named : DIALECTS.flatMap(({ documentOf }) => documentOf?.(id) ?? []);
};

/**
 * What events about an object are about.
 *
 * @throws DomainError `not-found` for a document whose id does not say where it is, and which has no history
 */
export const objectSubjects = (index: Names, name: string): readonly EventSubject[] => {
  const object = readObjectName(name);
  if (object?.kind === 'document') {
    const homes = documentHomes(index, object.id);
    if (homes.length === 0) throw new DomainError('not-found', 'document.not-found', 'Document not found');
    return homes.map((home) => ({ part: 'document', ...home }));
  }
  return [entity('object', name), ...(object === undefined ? [] : [entity('object', `${object.kind}/${EVERY}`)])];
};

const partsOf = (
  index: Names,
  part: 'unit' | 'group',
  id: string,
  workloads: readonly string[] | undefined,
): readonly EventSubject[] => {
  const found = index
    .partsNamed(part, id)
    .filter(({ stream }) => workloads === undefined || workloads.includes(refOfStream(stream)));
  const homes = [...new Set(found.map(({ stream }) => refOfStream(stream)))];
  const word = part === 'unit' ? 'Unit' : 'Group';
  if (homes.length === 0) throw new DomainError('not-found', `${part}.not-found`, `${word} not found`);
  if (homes.length > 1) {
    const message = `Several workloads have a ${part} with this id, name one of them: ${homes.join(', ')}`;
    throw new DomainError('conflict', `${part}.ambiguous`, message);
  }
  const subjects: readonly EventSubject[] = found.map((home) => ({ part, ...home }));
  return part === 'unit' ? [...subjects, `unit:${id}`] : subjects;
};
