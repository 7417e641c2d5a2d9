import type { UnitDifference, UnitDifferences } from '#contracts/cairn/past-view.js';
import type { UnitPlace, UnitStatus, UnitStatuses } from '#contracts/workloads.js';

/** The next units behind a place, at both moments. */
export type StatusesBehind = (behind: UnitPlace | undefined) => Promise<readonly [UnitStatuses, UnitStatuses]>;

/** Order of the lists. */
const comparePlaces = (
  [number, id]: UnitPlace | UnitStatus,
  [otherNumber, otherId]: UnitPlace | UnitStatus,
): number => {
  if (number !== otherNumber) return (number ?? Infinity) < (otherNumber ?? Infinity) ? -1 : 1;
  if (number !== null || id === otherId) return 0;
  return id < otherId ? -1 : 1;
};

/**
 * Compares the statuses of units at two moments, page by page.
 *
 * @param limit of the units that differ
 * @param pagesMax a comparison that finds little ends after so many pages
 */
export const unitDifferences = async (
  statusesBehind: StatusesBehind,
  start: UnitPlace | undefined,
  { limit, pagesMax }: { readonly limit: number; readonly pagesMax: number },
): Promise<UnitDifferences> => {
  const entries: UnitDifference[] = [];
  let behind = start;
  for (let pages = 0; pages < pagesMax; pages += 1) {
    const [from, to] = await statusesBehind(behind);
    // Behind the end of a page that is not the last one, only the other list is known.
    const ends = [from, to].flatMap(({ units, isLast }) => (isLast ? [] : units.slice(-1)));
    const [end] = ends.sort(comparePlaces);
    for (const [place, difference] of merged(from.units, to.units)) {
      if (end !== undefined && comparePlaces(place, end) > 0) break;
      if (difference !== undefined && entries.length >= limit) return { entries, ...(behind && { behind }) };
      behind = place;
      if (difference !== undefined) entries.push(difference);
    }
    if (end === undefined) return { entries };
  }
  return { entries, ...(behind && { behind }) };
};

/** All units of two lists in their order, with what differs. */
function* merged(
  from: readonly UnitStatus[],
  to: readonly UnitStatus[],
): Generator<readonly [UnitPlace, UnitDifference | undefined], void, void> {
  let [atFrom, atTo] = [0, 0];
  for (;;) {
    const [before, after] = [from[atFrom], to[atTo]];
    const isInBoth = before !== undefined && after !== undefined && comparePlaces(before, after) === 0;
    const isFirst = after === undefined || (before !== undefined && comparePlaces(before, after) < 0);
    const was = isInBoth || isFirst ? before : undefined;
    const is = isInBoth || !isFirst ? after : undefined;
    const unit = was ?? is;
    if (unit === undefined) return;
    if (was !== undefined) atFrom += 1;
    if (is !== undefined) atTo += 1;
    const [number, unit_id] = unit;
    const [, , fromStatus = null] = was ?? [];
    const [, , toStatus = null] = is ?? [];
    yield [[number, unit_id], fromStatus === toStatus ? undefined : { unit_id, from: fromStatus, to: toStatus }];
  }
}
