import { DomainError } from '#platform/domain-error.js';
import type { Caller } from '#bus/contract.js';
import type { ListWorkloadsRequest, WorkloadFilter, WorkloadPage } from '#contracts/workloads.js';
import { PageBuilder } from '#event-sourcing/page-builder.js';
import { Slices } from '#event-sourcing/slices.js';
import type { Snapshot } from '#event-sourcing/snapshots.js';
import type { CatalogReader } from './catalog-reader.js';
import { type CatalogEntry, mergedRuns, type Order, type Place, type Run } from './catalog-walk.js';
import { cursorOf, placeOf } from './list-place.js';
import { type CatalogClass, isWanted, readableClasses } from './readable-classes.js';
import type { UnitCounters } from './unit-counts.js';
import { workloadDocument } from './workload-document.js';

/** What a list is made from, on the connection of one snapshot. */
export interface ListSources {
  readonly catalog: CatalogReader;
  readonly counters: UnitCounters;
}

/** One page of a list of workloads. */
export const workloadPage = async (
  { database }: Snapshot,
  sources: ListSources,
  request: ListWorkloadsRequest,
  caller: Caller,
): Promise<WorkloadPage | DomainError> => {
  const order: Order = { by: request.order, descending: request.descending };
  const behind = request.cursor === undefined ? startOf(request, order) : placeIn(request.cursor, order, sources);
  if (behind instanceof DomainError) return behind;
  const classes = readableClasses(database, caller);
  const wanted = classes.filter((each) => isWanted(each, request));
  const matches = matcherOf(request, wanted);
  const counts = countsByPhase(classes);
  const page = new PageBuilder();
  let last: CatalogEntry | undefined;
  for await (const entry of mergedRuns(database, runsOf(request, order, wanted), order, behind, new Slices())) {
    if (isBeyond(entry, request, order)) break;
    const isEnough = page.size >= request.limit || page.isFull;
    if (isEnough && last !== undefined) return { ...page.page(cursorAfter(last, order, sources)), counts };
    last = entry;
    const listed = matches(entry) ? sources.catalog.byId(entry.workload) : undefined;
    if (listed === undefined || !containsText(request.text, listed.id, listed.name)) continue;
    const document = workloadDocument(listed, sources.counters.of(entry.workload));
    page.add(document, document.length);
  }
  return { ...page.page(), counts };
};

const isByCreation = ({ by }: Order): boolean => by === 'created';

/** A span of creation bounds a list in order of creation: what is outside is not even read. */
const startOf = ({ created_from: from, created_to: to }: WorkloadFilter, order: Order): Place | undefined => {
  const edge = order.descending ? to : from;
  if (!isByCreation(order) || edge === undefined) return undefined;
  const outside = edge + (order.descending ? 1 : -1);
  return { value: outside, createdMicros: outside, workload: order.descending ? 0 : Number.MAX_SAFE_INTEGER };
};

const isBeyond = (
  { createdMicros }: CatalogEntry,
  { created_from: from = 0, created_to: to = Infinity }: WorkloadFilter,
  order: Order,
): boolean => isByCreation(order) && (order.descending ? createdMicros < from : createdMicros > to);

/** Workloads of one owner have indexes of their own where people look for them: by creation and by change. */
const runsOf = ({ owner }: WorkloadFilter, { by }: Order, classes: readonly CatalogClass[]): readonly Run[] =>
  owner !== undefined && (by === 'created' || by === 'changed')
    ? [{ column: 'owner', key: owner }]
    : classes.map(({ id, status }) => ({ column: 'class', key: id, status }));

const matcherOf = (
  { owner, created_from: from = 0, created_to: to = Infinity }: WorkloadFilter,
  classes: readonly CatalogClass[],
): ((entry: CatalogEntry) => boolean) => {
  const ids = new Set(classes.map(({ id }) => id));
  return (entry) =>
    ids.has(entry.classId) &&
    (owner === undefined || entry.owner === owner) &&
    entry.createdMicros >= from &&
    entry.createdMicros <= to;
};

const containsText = (text: string | undefined, ...texts: readonly string[]): boolean =>
  text === undefined || texts.some((each) => each.toLowerCase().includes(text.toLowerCase()));

const placeIn = (cursor: string, order: Order, { catalog }: ListSources): Place | DomainError => {
  const place = placeOf(cursor, order);
  return place instanceof DomainError ? place : { ...place, workload: catalog.idOfRef(place.ref) };
};

const cursorAfter = (last: CatalogEntry, order: Order, { catalog }: ListSources): string =>
  cursorOf(order, { ...last, ref: catalog.refOf(last.workload) });

const countsByPhase = (classes: readonly CatalogClass[]): string => {
  const counts: Record<string, Record<string, number>> = {};
  for (const { dialect, phase, n } of classes) {
    const ofDialect = (counts[dialect] ??= {});
    ofDialect[phase] = (ofDialect[phase] ?? 0) + n;
  }
  return JSON.stringify(counts);
};
