import type { StatementSync } from 'node:sqlite';
import { formatTimestamp, nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import { datasetPriority, taskPriority } from '#contracts/iceprod/priority.js';
import { kindOf, membersOf, objectText } from '#contracts/raw-json.js';
import { Standings } from '../automation/standing.js';
import { listingOf, type StoredUnit, type UnitReader } from '../engine/unit-row.js';
import { misfitsOf } from '../iceprod/offer.js';
import { iceprodPolicy } from '../iceprod/policy.js';
import { readQueryParams } from '../iceprod/query-params.js';
import { PILOT_LANE, WAITING_LANE } from '../iceprod/status-table.js';
import { passes } from '../task/claim.js';
import { dependsOn } from '../task/document.js';
import { type OfferVerdict, reasonOf } from './reason.js';
import type { SeenOffer } from './recent-offers.js';

/** Open dependencies that are shown one by one. */
const OPEN_SHOWN_MAX = 100;

/** Places in the queue are counted so far; whoever is further behind learns only that. */
const AHEAD_MAX = 100_000;

interface OpenDependency {
  readonly id: string;
  readonly status: string | undefined;
}

interface JudgedOffer extends OfferVerdict {
  readonly seen: SeenOffer;
  readonly misfits: readonly { readonly name: string; readonly asked: string | undefined; readonly offered: string }[];
}

/** Collects what is known of a task into an answer to "why is it not running". */
export class UnitExplainer {
  private readonly standings: Standings;
  private readonly countHigher: StatementSync;
  private readonly countOlder: StatementSync;

  constructor(private readonly reader: UnitReader) {
    const { database } = reader;
    this.standings = new Standings(database, reader);
    const count = (condition: string): StatementSync =>
      database.prepare(`SELECT count(*) AS n FROM (SELECT 1 FROM unit WHERE class = ? AND ${condition} LIMIT ?)`);
    this.countHigher = count('priority > ?');
    this.countOlder = count('priority = ? AND key < ?');
  }

  /** @returns raw JSON */
  explain(stored: StoredUnit, offers: readonly SeenOffer[]): string {
    const { unit, row } = stored;
    const phase = iceprodPolicy.phaseOf(unit.status);
    const { status: datasetStatus } = this.reader.workloads.factsOf(listingOf(row));
    const open = this.openDependencies(stored);
    const ahead = this.ahead(stored);
    const judged = offers.map((offer) => judge(stored, offer));
    const reason = reasonOf({
      status: unit.status,
      phase,
      site: unit.site,
      datasetStatus,
      openDependencies: row.open_deps,
      firstOpen: open[0],
      ahead,
      offers: judged,
    });
    return objectText([
      ['task_id', JSON.stringify(unit.id)],
      ['dataset_id', JSON.stringify(unit.workload)],
      ['reason', JSON.stringify(reason)],
      ['status', JSON.stringify(unit.status)],
      ['phase', JSON.stringify(phase)],
      ['status_changed', JSON.stringify(formatTimestamp(unit.changedMicros))],
      ['dataset_status', JSON.stringify(datasetStatus ?? null)],
      ['dependencies', dependenciesDocument(row.open_deps, open)],
      ['requirements', unit.requirements],
      ['offers', `[${judged.map(offerDocument).join(',')}]`],
      ['priority', this.priorityDocument(stored)],
      ['queue', JSON.stringify(ahead === undefined ? null : { ahead, more: ahead === AHEAD_MAX })],
    ]);
  }

  private openDependencies({ unit, row }: StoredUnit): readonly OpenDependency[] {
    const open: OpenDependency[] = [];
    const shown = Math.min(row.open_deps, OPEN_SHOWN_MAX);
    for (const id of shown === 0 ? [] : dependsOn(unit.depends)) {
      const status = this.reader.byId(id)?.unit.status;
      if (status === undefined || !iceprodPolicy.satisfies(status)) open.push({ id, status });
      if (open.length === shown) break;
    }
    return open;
  }

  /** How many of its class go before a ready task. */
  private ahead({ row }: StoredUnit): number | undefined {
    if (row.class === null) return undefined;
    const higher = Number(this.countHigher.get(row.class, row.priority, AHEAD_MAX)?.['n']);
    const older = Number(this.countOlder.get(row.class, row.priority, row.key, AHEAD_MAX)?.['n']);
    return Math.min(higher + older, AHEAD_MAX);
  }

  private priorityDocument({ unit, row }: StoredUnit): string {
    const nowAtMicros = nowMicros();
    const standing = this.standings.of(listingOf(row));
    if (standing === undefined)
      return JSON.stringify({ current: unit.priority, due: null, dataset: null, terms: null });
    const terms = this.standings.scale(nowAtMicros).terms(standing);
    const dataset = datasetPriority(terms);
    const place = { taskIndex: unit.index, jobIndex: unit.groupIndex };
    const size = { jobsSubmitted: standing.jobs, tasksSubmitted: standing.tasks };
    return JSON.stringify({
      current: unit.priority,
      // What waits for others has none.
      due: row.open_deps === 0 ? taskPriority(dataset, { ...place, ...size }) : 0,
      dataset,
      terms: {
        dataset_priority: terms.priority,
        largest_of_user: terms.largestOfUser,
        largest_of_group: terms.largestOfGroup,
        group: terms.group,
        user_priority: terms.userPriority ?? null,
        group_priority: terms.groupPriority ?? null,
        jobs_submitted: standing.jobs,
        tasks_submitted: standing.tasks,
        active_tasks: terms.activeTasks,
        active_tasks_of_all: terms.activeTasksOfAll,
        age_days: terms.ageDays,
        task_index: unit.index,
        job_index: unit.groupIndex,
      },
    });
  }
}

const judge = ({ unit, row }: StoredUnit, seen: SeenOffer): JudgedOffer => {
  const asked = kindOf(unit.requirements) === 'object' ? unit.requirements : '{}';
  const [wishes, offered] = [membersOf(asked), membersOf(seen.requirements)];
  const misfits = misfitsOf(seen.requirements, asked).map((name) => ({
    name,
    asked: wishes.get(name),
    offered: offered.get(name) ?? 'null',
  }));
  const filters = readQueryParams(seen.queryParams);
  const isInstanced = unit.instance !== '';
  const kind = { workload: unit.workload, site: unit.site, isBlocked: row.open_deps > 0, isInstanced };
  const isPassed =
    !(filters instanceof DomainError) &&
    passes({ ...kind, requirements: asked }, filters) &&
    (filters.priority === undefined || filters.priority === unit.priority) &&
    (filters.instance === undefined || filters.instance === unit.instance);
  const lane = seen.mode === 'process' ? PILOT_LANE : WAITING_LANE;
  return { seen, misfits, isFiltered: !isPassed, concerns: iceprodPolicy.laneOf(unit.status, isInstanced) === lane };
};

const dependenciesDocument = (count: number, open: readonly OpenDependency[]): string =>
  JSON.stringify({
    complete: count === 0,
    open: count,
    tasks: open.map(({ id, status }) => ({ task_id: id, status: status ?? null })),
  });

const offerDocument = ({ seen, misfits, isFiltered }: JudgedOffer): string =>
  objectText([
    ['seen', JSON.stringify(formatTimestamp(seen.seenMicros))],
    ['takes', seen.mode === 'process' ? '"queued"' : '"waiting"'],
    ['requirements', seen.requirements],
    ['fits', String(misfits.length === 0 && !isFiltered)],
    ['misfits', `[${misfits.map(misfitDocument).join(',')}]`],
    ['filtered', String(isFiltered)],
  ]);

const misfitDocument = ({ name, asked, offered }: JudgedOffer['misfits'][number]): string =>
  objectText([
    ['name', JSON.stringify(name)],
    ['asked', asked ?? 'null'],
    ['offered', offered],
  ]);
