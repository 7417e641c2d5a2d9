import { formatTimestamp, nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import { datasetPriority, groupWeight, taskPriority, userWeight } from '#contracts/iceprod/priority.js';
import { kindOf, membersOf, objectText } from '#contracts/raw-json.js';
import { DatasetSnapshots } from '../automation/dataset-snapshot.js';
import { Backlog } from '../automation/backlog.js';
import { Retries } from '../../engine/retries.js';
import { listingOf, type StoredUnit, type UnitReader } from '../../engine/unit-row.js';
import { openDependencies, type OpenDependency } from '../../explain/open-dependencies.js';
import { type QueuePosition, QueuePositions } from '../../explain/queue-position.js';
import { unmetRequirements, needsOf } from '../offer.js';
import { iceprodPolicy } from '../policy.js';
import { readQueryParams } from '../query-params.js';
import { defaultsFor } from '../requirements.js';
import { PILOT_QUEUE, WAITING_QUEUE } from '../status-table.js';
import { ICEPROD } from '../streams.js';
import { passes } from '../task/claim.js';
import { type OfferMatch, reasonOf } from './reason.js';
import type { SeenOffer } from './recent-offers.js';

/** Open dependencies that are shown one by one. */
const OPEN_SHOWN_MAX = 100;

/** Paused pilots that are shown. */
const PAUSED_SHOWN_MAX = 20;

interface MatchedOffer extends OfferMatch {
  readonly seen: SeenOffer;
  readonly unmet: readonly { readonly name: string; readonly asked: string | undefined; readonly offered: string }[];
}

/** Explains why a task is not running. */
export class TaskExplainer {
  private readonly snapshots: DatasetSnapshots;
  private readonly backlog: Backlog;
  private readonly retries: Retries;
  private readonly positions: QueuePositions;

  /** @param isAutomatic whether this Cairn queues tasks by itself */
  constructor(
    private readonly reader: UnitReader,
    private readonly isAutomatic: boolean,
  ) {
    const { database } = reader;
    this.snapshots = new DatasetSnapshots(database, reader);
    this.backlog = new Backlog(reader);
    this.retries = new Retries(database);
    this.positions = new QueuePositions(database, ['processing']);
  }

  /**
   * @param mayRead whether the asker may read a dataset
   * @returns raw JSON
   */
  explain(stored: StoredUnit, offers: readonly SeenOffer[], mayRead: (datasetId: string) => boolean): string {
    const { unit, row } = stored;
    const phase = iceprodPolicy.phaseOf(unit.status, unit.outcome);
    const datasetStatus = this.reader.workloads.statusOf(listingOf(row));
    const open = openDependencies(this.reader, ICEPROD, iceprodPolicy, stored, OPEN_SHOWN_MAX, mayRead);
    const isHandedOut = datasetStatus === undefined || datasetStatus === 'processing';
    const position = this.positions.of(stored);
    const matched = offers.map((offer) => matchOffer(stored, offer));
    const askedMicros = nowMicros();
    const retryMicros = this.retries.notBeforeMicros(row.key);
    const reason = reasonOf({
      status: unit.status,
      phase,
      site: unit.site,
      datasetStatus,
      openDependencies: row.open_deps,
      firstOpen: open[0],
      ahead: position?.ahead,
      notBefore: retryMicros > askedMicros ? formatTimestamp(retryMicros) : undefined,
      offers: matched,
      isAutomatic: this.isAutomatic,
      isFull: this.backlog.freePlaces() === 0,
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
      ['not_before', JSON.stringify(retryMicros > askedMicros ? formatTimestamp(retryMicros) : null)],
      ['paused_pilots', JSON.stringify(this.pausedPilots(askedMicros))],
      ['offers', `[${matched.map(offerDocument).join(',')}]`],
      ['priority', this.priorityDocument(stored)],
      ['queue', queueDocument(isHandedOut && row.open_deps <= 0 ? position : undefined)],
    ]);
  }

  private pausedPilots(nowMicros: number): readonly object[] {
    return this.retries
      .paused(ICEPROD, nowMicros, PAUSED_SHOWN_MAX)
      .map(({ id, failuresInARow, pausedUntilMicros }) => ({
        ...{ pilot_id: id, failures_in_a_row: failuresInARow, until: formatTimestamp(pausedUntilMicros) },
      }));
  }

  private priorityDocument({ unit, row }: StoredUnit): string {
    const snapshot = this.snapshots.of(listingOf(row));
    // Automation leaves the priority of a waiting task with open dependencies alone.
    const isWeighed = unit.status === 'idle' || (unit.status === 'waiting' && row.open_deps === 0);
    if (snapshot === undefined || !isWeighed) {
      return JSON.stringify({ current: unit.priority, due: null, dataset: null, steps: null, terms: null });
    }
    const terms = this.snapshots.scale(nowMicros()).terms(snapshot);
    const steps = new PrioritySteps();
    const dataset = datasetPriority(terms, steps.add);
    const indexes = { taskIndex: unit.index, jobIndex: unit.groupIndex };
    taskPriority(dataset, { ...indexes, jobsSubmitted: snapshot.jobs, tasksSubmitted: snapshot.tasks }, steps.add);
    if (row.open_deps > 0) steps.add('open_dependencies', 0);
    return JSON.stringify({
      current: unit.priority,
      due: steps.priority,
      dataset,
      steps: steps.all,
      terms: {
        dataset_priority: terms.priority,
        largest_of_user: terms.largestOfUser,
        largest_of_group: terms.largestOfGroup,
        group: terms.group,
        user_priority: userWeight(terms),
        group_priority: groupWeight(terms),
        jobs_submitted: snapshot.jobs,
        tasks_submitted: snapshot.tasks,
        active_tasks: terms.activeTasks,
        active_tasks_of_all: terms.activeTasksOfAll,
        age_days: terms.ageDays,
        task_index: unit.index,
        job_index: unit.groupIndex,
      },
    });
  }
}

/** What each step of the formula adds to a priority that starts at 0. The sum of all steps is the priority. */
class PrioritySteps {
  readonly all: { readonly step: string; readonly adds: number; readonly priority: number }[] = [];

  readonly add = (step: string, priority: number): void => {
    this.all.push({ step, adds: priority - this.priority, priority });
  };

  get priority(): number {
    return this.all.at(-1)?.priority ?? 0;
  }
}

const queueDocument = (position: QueuePosition | undefined): string => {
  if (position === undefined) return 'null';
  const { ahead, aheadOfAll, isCapped } = position;
  return JSON.stringify({ ahead, ahead_of_all: aheadOfAll, more: isCapped });
};

const matchOffer = ({ unit, row }: StoredUnit, seen: SeenOffer): MatchedOffer => {
  const asked = kindOf(unit.requirements) === 'object' ? unit.requirements : '{}';
  const [needs, offered] = [needsOf(asked, defaultsFor(seen.mode)), membersOf(seen.requirements)];
  const unmet = unmetRequirements(seen.requirements, needs).map((name) => ({
    name,
    asked: needs.get(name),
    offered: offered.get(name) ?? 'null',
  }));
  const filters = readQueryParams(seen.queryParams);
  const isLeased = unit.leaseId !== '';
  const kind = { workload: unit.workload, site: unit.site, label: unit.label, isBlocked: row.open_deps > 0, isLeased };
  const isPassed =
    !(filters instanceof DomainError) &&
    passes({ ...kind, requirements: asked }, filters) &&
    (filters.priority === undefined || filters.priority === unit.priority) &&
    (filters.instance === undefined || filters.instance === unit.leaseId);
  const queue = seen.mode === 'process' ? PILOT_QUEUE : WAITING_QUEUE;
  return { seen, unmet, isFiltered: !isPassed, concerns: iceprodPolicy.queueOf(unit.status, isLeased) === queue };
};

const dependenciesDocument = (count: number, open: readonly OpenDependency[]): string =>
  JSON.stringify({
    complete: count === 0,
    open: count,
    tasks: open.map(({ id, status }) => ({ task_id: id, status: status ?? null })),
  });

const offerDocument = ({ seen, unmet, isFiltered }: MatchedOffer): string =>
  objectText([
    ['seen', JSON.stringify(formatTimestamp(seen.seenMicros))],
    ['takes', seen.mode === 'process' ? '"queued"' : '"waiting"'],
    ['requirements', seen.requirements],
    ['found', String(seen.found)],
    ['fits', String(unmet.length === 0 && !isFiltered)],
    ['misfits', `[${unmet.map(unmetDocument).join(',')}]`],
    ['filtered', String(isFiltered)],
  ]);

const unmetDocument = ({ name, asked, offered }: MatchedOffer['unmet'][number]): string =>
  objectText([
    ['name', JSON.stringify(name)],
    ['asked', asked ?? 'null'],
    ['offered', offered],
  ]);
