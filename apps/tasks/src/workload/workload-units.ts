import type { DomainError } from '#platform/domain-error.js';
import type { Page } from '#bus/contract.js';
import { badCursor } from '#contracts/lists.js';
import type { ListUnitsRequest, UnitPlace, UnitStatus, UnitStatuses } from '#contracts/workloads.js';
import { PageBuilder } from '#event-sourcing/page-builder.js';
import { Slices } from '#event-sourcing/slices.js';
import type { Snapshot } from '#event-sourcing/snapshots.js';
import type { Phase } from '../engine/phase.js';
import type { Policies } from '../engine/policies.js';
import type { StatusId } from '../engine/statuses.js';
import type { Unit } from '../engine/unit.js';
import { rowOf, UNIT_COLUMNS, type UnitReader } from '../engine/unit-row.js';
import { COLUMNS_BEFORE, cursorAfterRow, idIn, keyIn, type UnitFilter, unitsIn } from '../engine/unit-scan.js';
import type { CatalogedWorkload } from './catalog/catalog-reader.js';
import { zoned } from './catalog/workload-document.js';
import { ordinalOfKey } from './member-key.js';
import { cursorText, isCursor, LIST_START, type ListCursor, readCursor } from './list-cursor.js';
import type { UnitWorker, WorkloadKinds } from './workload-kind.js';

/** Statuses in a page. */
const STATUSES_PAGE = 2_000;

/** Pages of the units of a workload, in order of creation. */
export class WorkloadUnits {
  /** @param reader resolves words, which never change */
  constructor(
    private readonly reader: UnitReader,
    private readonly policies: Policies,
    private readonly kinds: WorkloadKinds,
  ) {}

  async page(
    snapshot: Snapshot,
    { workload, dialect }: CatalogedWorkload,
    request: ListUnitsRequest,
  ): Promise<Page | DomainError> {
    const { cursor, limit } = request;
    if (cursor !== undefined && !isCursor(cursor)) return badCursor();
    const filter = this.filterOf(dialect, request);
    const page = new PageBuilder();
    if (filter === undefined) return page.page();
    let last = cursor === undefined ? LIST_START : readCursor(cursor);
    const kind = this.kinds.of(dialect);
    const titleOf = kind?.unitTitlesOn?.(snapshot.database);
    const workerOf = kind?.workersOn?.(snapshot.database);
    const query = { workload, filter, columns: UNIT_COLUMNS };
    for await (const chunk of unitsIn(snapshot).walk(query, last, new Slices())) {
      for (const values of chunk.rows) {
        if (page.size >= limit || page.isFull) return page.page(cursorText(last));
        const unit = this.reader.unitOf(rowOf(values));
        const phase = this.policies.of(dialect).phaseOf(unit.status, unit.outcome);
        const isAssigned = phase === 'claimed' || phase === 'running';
        const worker = isAssigned ? workerOf?.(unit.key) : undefined;
        const document = unitDocument(unit, phase, titleOf?.(unit.key), worker);
        page.add(document, document.length);
        last = cursorAfterRow(chunk, values);
      }
      ({ last } = chunk);
      if (page.isFull) return page.page(cursorText(last));
    }
    return page.page();
  }

  /** The next units behind a place, with their statuses. */
  async statuses(snapshot: Snapshot, { workload }: CatalogedWorkload, behind?: UnitPlace): Promise<UnitStatuses> {
    const units: UnitStatus[] = [];
    const query = { workload, filter: {}, columns: ['status'] };
    const start = behind === undefined ? LIST_START : cursorBehind(behind);
    for await (const { rows, last } of unitsIn(snapshot).walk(query, start, new Slices())) {
      for (const row of rows) {
        const { word } = this.reader.words.status.of(Number(row[COLUMNS_BEFORE]));
        units.push([last.at === 'home' ? ordinalOfKey(keyIn(row)) : null, idIn(row), word]);
      }
      if (units.length >= STATUSES_PAGE) return { units, isLast: false };
    }
    return { units, isLast: true };
  }

  /** Undefined when nothing can match. */
  private filterOf(
    dialect: CatalogedWorkload['dialect'],
    { statuses: words, phases, names }: ListUnitsRequest,
  ): UnitFilter | undefined {
    const { status, name } = this.reader.words;
    const policy = this.policies.of(dialect);
    const isWanted = (id: StatusId): boolean => {
      const { word, outcome } = status.of(id);
      return words?.includes(word) !== false && phases?.includes(policy.phaseOf(word, outcome)) !== false;
    };
    const statuses =
      words === undefined && phases === undefined ? undefined : status.ofDialect(dialect).filter(isWanted);
    const wantedNames = names && name.findAll(names);
    if (statuses?.length === 0 || wantedNames?.length === 0) return undefined;
    return { statuses, names: wantedNames };
  }
}

/** A unit as Cairn's own API shows those of all dialects: raw JSON. */
const unitDocument = (unit: Unit, phase: Phase, title: string | undefined, worker: UnitWorker | undefined): string => {
  const { id, name, status, outcome, index, group, priority, site, holder, changedMicros, failures, evictions } = unit;
  return JSON.stringify({
    unit_id: id,
    name,
    ...(title !== undefined && { title }),
    status,
    ...(outcome !== '' && { outcome }),
    phase,
    index,
    ...(group !== '' && { group_id: group }),
    ...{ priority, site, failures, evictions },
    ...(holder !== '' && { holder }),
    ...(worker !== undefined && { worker }),
    changed: zoned(changedMicros),
  });
};

const cursorBehind = ([ordinal, id]: UnitPlace): ListCursor =>
  ordinal === null ? { at: 'elsewhere', id } : { at: 'home', ordinal };
