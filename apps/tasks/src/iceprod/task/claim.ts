import { DomainError } from '#platform/domain-error.js';
import { kindOf, membersOf, objectText } from '#contracts/raw-json.js';
import type { ClaimTasksRequest } from '#contracts/iceprod/tasks.js';
import type { UnitsClaimed, UnitStarted } from '#contracts/work-events.js';
import type { DecidedEvent, Decision, SlicedDecision } from '#event-sourcing/command.js';
import { evolve } from '../../engine/evolve.js';
import { ReadyBest } from '../../engine/ready-best.js';
import { ReadyHeap } from '../../engine/ready-heap.js';
import type { ReadyClass } from '../../engine/ready.js';
import type { Unit, UnitKey } from '../../engine/unit.js';
import { needsOf, offeredSite, readOffer } from '../offer.js';
import { iceprodPolicy } from '../policy.js';
import { type ClaimFilters, readQueryParams } from '../query-params.js';
import { defaultsFor, PILOT_DEFAULTS } from '../requirements.js';
import { PILOT_QUEUE, WAITING_QUEUE } from '../status-table.js';
import { ordinalOfKey } from '../../workload/member-key.js';
import { taskDocument } from './document.js';
import { ChosenUnits, movedTo, ofUnit } from './moves.js';
import { taskErrors } from './task-errors.js';
import type { TaskView } from './view.js';

/** Maximum tasks per claim: their documents are in one answer. */
const CLAIM_MAX = 1_000;

/** Maximum tasks that one legacy call queues, and tasks chosen between two yields. */
const QUEUE_MAX = 100_000;
const SLICE = 500;

/** Units examined for a pilot that names itself. If so many of the best units wait after failures, the pilot gets none of them. */
const EXAMINED_MAX = 1_000;

/** Site of claims that do not name one (contract 7.6). */
const UNKNOWN_SITE = 'unknown';

/** Bound of the cache of matches: similar workers repeat the same offers. */
const OFFERS_MAX = 256;

interface Match {
  readonly version: number;
  readonly classes: readonly ReadyClass[];
  /** The best unit of all of them. */
  readonly best: ReadyBest;
  readonly filters: ClaimFilters;
}

/**
 * Finds the ready classes that fit an offer. Matches are cached while the classes do not change, so that the cost of claiming
 * one unit does not depend on the number of units.
 */
export class ClaimMatcher {
  private readonly matches = new Map<string, Match>();

  match(view: TaskView, request: ClaimTasksRequest): Match | DomainError {
    const queue = request.mode === 'process' ? PILOT_QUEUE : WAITING_QUEUE;
    const name = `${queue}\n${request.requirements}\n${request.query_params}`;
    const known = this.matches.get(name);
    if (known?.version === view.ready.version) return known;
    const filters = readQueryParams(request.query_params);
    if (filters instanceof DomainError) return filters;
    const fits = fitting(view, request, filters);
    const classes = [...view.ready.classes(queue)].filter(fits);
    const match = { version: view.ready.version, classes, best: new ReadyBest(view.ready, classes), filters };
    if (this.matches.size >= OFFERS_MAX) this.matches.clear();
    this.matches.set(name, match);
    return match;
  }
}

/** Tasks of a submitted dataset are handed out only while it is processing. */
const isOpen = (view: TaskView, datasetId: string): boolean => {
  const { status } = view.dataset(datasetId);
  return status === undefined || status === 'processing';
};

const fitting = (
  view: TaskView,
  { requirements, mode }: ClaimTasksRequest,
  filters: ClaimFilters,
): ((ready: ReadyClass) => boolean) => {
  const offer = readOffer(requirements, defaultsFor(mode));
  const offered = new Map<string, boolean>();
  const opened = new Map<string, boolean>();
  const once = (answers: Map<string, boolean>, key: string, ask: () => boolean): boolean => {
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = ask();
    answers.set(key, answer);
    return answer;
  };
  // A dependency may have been reset after the task was promoted: the task waits until it is complete again.
  return (ready) =>
    !ready.isBlocked &&
    passes(ready, filters) &&
    once(offered, ready.requirements, () => offer(ready.requirements)) &&
    once(opened, ready.workload, () => isOpen(view, ready.workload));
};

/** The site in requirements as canonical JSON, because clients escape characters differently. */
const siteOf = (requirements: string): string | undefined => {
  const raw = membersOf(requirements).get('site');
  return raw === undefined ? undefined : JSON.stringify(JSON.parse(raw));
};

/** Whether a ready class passes the filters. */
export const passes = (
  ready: ReadyClass,
  { dataset, site, instance, requiredSite, impossible }: ClaimFilters,
): boolean => {
  if (impossible) return false;
  if (dataset !== undefined && ready.workload !== dataset) return false;
  if (site !== undefined && ready.site !== site) return false;
  if (instance !== undefined && ready.isLeased !== (instance !== '')) return false;
  return requiredSite === undefined || siteOf(ready.requirements) === requiredSite;
};

/** Whether a unit does not wait after a failure. Undefined for clients that rely on IceProd's rules, which have no such wait. */
type IsDue = (key: UnitKey) => boolean;

const dueFor = (view: TaskView, { pilot_id: pilot }: ClaimTasksRequest, timeMicros: number): IsDue | undefined =>
  pilot === undefined ? undefined : (key) => view.notBeforeMicros(key) <= timeMicros;

/** Takes the best units of some classes. Filters that are not attributes of a class are checked unit by unit. */
const takeBest = (
  view: TaskView,
  classes: readonly ReadyClass[],
  { priority, instance = '' }: ClaimFilters,
  count: number,
  isDue: IsDue | undefined,
): Unit[] => {
  const heap = new ReadyHeap(view.ready, classes, count, priority);
  const taken: Unit[] = [];
  let waiting = 0;
  while (taken.length < count && waiting < EXAMINED_MAX) {
    const entry = heap.next();
    if (entry === undefined) break;
    if (isDue?.(entry.key) === false) {
      waiting += 1;
      continue;
    }
    const unit = view.unitAt(entry.key);
    if (unit !== undefined && (instance === '' || unit.leaseId === instance)) taken.push(unit);
  }
  return taken;
};

/** Whether all filters are attributes of classes. */
const isPlain = ({ priority, instance = '' }: ClaimFilters): boolean => priority === undefined && instance === '';

const takeOne = (view: TaskView, best: ReadyBest): Unit[] => {
  const entry = best.find();
  const unit = entry === undefined ? undefined : view.unitAt(entry.key);
  return unit === undefined ? [] : [unit];
};

/** Takes from datasets that are not deprioritized first, then from these one by one from the end of the list (contract 7.6). */
const take = (
  view: TaskView,
  { classes, best, filters }: Match,
  request: ClaimTasksRequest,
  isDue: IsDue | undefined,
): Unit[] => {
  const count = Math.min(request.num, CLAIM_MAX);
  const { dataset_deprio: deprioritized } = request;
  if (deprioritized.length === 0) {
    const first = count === 1 && isPlain(filters) ? takeOne(view, best) : undefined;
    if (first !== undefined && first.every(({ key }) => isDue?.(key) !== false)) return first;
    return takeBest(view, classes, filters, count, isDue);
  }
  const excluded = new Set(deprioritized);
  const taken = takeBest(
    view,
    classes.filter(({ workload }) => !excluded.has(workload)),
    filters,
    count,
    isDue,
  );
  // Backwards: the first of the list comes last. Of a dataset that is listed twice the first entry counts.
  for (const datasetId of [...new Set(deprioritized)].reverse()) {
    if (taken.length >= count) break;
    const next = classes.filter(({ workload }) => workload === datasetId);
    taken.push(...takeBest(view, next, filters, count - taken.length, isDue));
  }
  return taken;
};

const processed = (view: TaskView, unit: Unit, site: string | undefined, timeMicros: number): Claimed => {
  const ordinal = ordinalOfKey(unit.key);
  const data: UnitStarted = {
    units: [[ordinal, ordinal]],
    status: 'processing',
    ...(site !== undefined && { site }),
  };
  const after = evolve(unit, { type: 'UnitStarted', data, timeMicros }, iceprodPolicy);
  // Legacy pilots require all five numbers.
  const requirements = objectText(needsOf(after.requirements, PILOT_DEFAULTS));
  const document = taskDocument({ ...after, requirements });
  return { events: [ofUnit(view, unit.key, 'UnitStarted', data)], documents: [[view.streamOf(unit.key), document]] };
};

interface Claimed {
  readonly events: readonly DecidedEvent[];
  readonly documents: readonly (readonly [stream: string, document: string])[];
}

const queued = (
  view: TaskView,
  units: readonly Unit[],
  claim: { readonly lease_id: string; readonly holder: string; readonly site: string },
  timeMicros: number,
): Claimed => {
  const data = { status: 'queued', ...claim };
  const chosen = new ChosenUnits(view);
  for (const unit of units) chosen.add(unit.key);
  const events = chosen.events('UnitsClaimed', (ranges): UnitsClaimed => ({ units: ranges, ...data }));
  const documents = units.map((unit) => {
    const after = evolve(unit, { type: 'UnitsClaimed', data: { units: [], ...data }, timeMicros }, iceprodPolicy);
    return [view.streamOf(unit.key), taskDocument(after)] as const;
  });
  return { events, documents };
};

/**
 * `POST /task_actions/queue`, `queue_many` and `process`: takes the best ready tasks that fit what is offered.
 *
 * @param lease id and holder of the lease of all tasks of this claim. Tasks that a pilot processes get none.
 */
export const claimTasks = (
  view: TaskView,
  matcher: ClaimMatcher,
  request: ClaimTasksRequest,
  lease: { readonly instanceId: string; readonly holder: string },
  timeMicros: number,
): Decision<{ documents: readonly string[] }> => {
  const problem = malformed(request);
  if (problem !== undefined) return problem;
  const { pilot_id: pilot } = request;
  if (pilot !== undefined && view.pilot(pilot).pausedUntilMicros > timeMicros) return taskErrors.taskNotFound();
  const match = matcher.match(view, request);
  if (match instanceof DomainError) return match;
  const units = request.num >= 1 ? take(view, match, request, dueFor(view, request, timeMicros)) : [];
  const [first] = units;
  if (first === undefined) return taskErrors.taskNotFound();
  const site = offeredSite(request.requirements);
  const { events, documents } =
    request.mode === 'process'
      ? processed(view, first, site, timeMicros)
      : queued(
          view,
          units,
          { lease_id: lease.instanceId, holder: lease.holder, site: site ?? UNKNOWN_SITE },
          timeMicros,
        );
  const all = documents.map(([, document]) => document);
  if (new Set(documents.map(([stream]) => stream)).size === 1) return { events, reply: { documents: all } };
  // Only tasks whose events were appended are handed out. The others are ready again.
  const reply = (succeeded: ReadonlySet<string>) => ({
    documents: documents.filter(([stream]) => succeeded.has(stream)).map(([, document]) => document),
  });
  return { events, reply };
};

const malformed = ({ requirements, query_params: params }: ClaimTasksRequest): DomainError | undefined => {
  if (kindOf(requirements) !== 'object') {
    return new DomainError('invalid', 'claim.bad-requirements', 'requirements must be an object');
  }
  if (kindOf(params) === 'object') return undefined;
  return new DomainError('invalid', 'claim.bad-params', 'query_params must be an object');
};

/**
 * The legacy form of `POST /task_actions/queue`: waiting tasks whose dependencies are complete become queued for pilots,
 * by weight of their dataset, then by priority.
 */
export function* queueTasks(
  view: TaskView,
  request: { readonly num_tasks: number; readonly dataset_prio: Readonly<Record<string, number>> },
): SlicedDecision<{ queued: number }> {
  const most = Math.min(request.num_tasks, QUEUE_MAX);
  const weights = new Map(Object.entries(request.dataset_prio));
  const classes = [...view.ready.classes(WAITING_QUEUE)].filter(
    (ready) => !ready.isBlocked && isOpen(view, ready.workload),
  );
  const weightOf = ({ workload }: ReadyClass): number => weights.get(workload) ?? 0;
  const chosen = new ChosenUnits(view);
  for (const weight of [...new Set(classes.map(weightOf))].sort((a, b) => b - a)) {
    if (chosen.count >= most) break;
    const heap = new ReadyHeap(
      view.ready,
      classes.filter((ready) => weightOf(ready) === weight),
      most - chosen.count,
    );
    while (chosen.count < most) {
      const entry = heap.next();
      if (entry === undefined) break;
      chosen.add(entry.key);
      if (chosen.count % SLICE === 0) yield;
    }
  }
  return { events: chosen.events('UnitsMoved', movedTo('queued', ['lease'])), reply: { queued: chosen.count } };
}
