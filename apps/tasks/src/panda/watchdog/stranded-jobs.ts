import type { JobsPlaced } from '#contracts/panda/events.js';
import type { Queue } from '#contracts/panda/queues.js';
import type { JobTemplate } from '#contracts/panda/template.js';
import type { DecidedEvent, SlicedDecision } from '#event-sourcing/command.js';
import type { ReadyClass } from '../../engine/ready.js';
import { type Broker, NoQueue } from '../brokerage/broker.js';
import { brokerOf } from '../brokerage/task-broker.js';
import { bestJobs } from '../claim/best-jobs.js';
import { needsOf } from '../claim/needs.js';
import type { Offer } from '../claim/offer.js';
import { BY_AGE } from '../claim/site-index.js';
import { datasetsMoved } from '../datasets-moved.js';
import { Kill } from '../kill/kill-jobs.js';
import { jobPages } from '../pages.js';
import { isOfEventService } from '../range/flavour.js';
import { READY_QUEUE } from '../status-table.js';
import type { Job, PandaView, Task } from '../view.js';

/** Jobs moved in one change. */
const JOBS_MAX = 200;
/** Classes of jobs that they may be of. */
const CLASSES_MAX = 100;

/** The code of jobs that are made anew for another queue (contract 4.2.8). */
const REASSIGNED = 51;

/** No pilot comes to such a queue any more: it was switched off, or is not configured. One that is `brokeroff` still runs what it has. */
export const isAbandoned = (queue: Queue | undefined): boolean => queue === undefined || queue.status === 'offline';

/**
 * Moves activated jobs of tasks away from a queue that nobody serves, as far as their tasks let them run at another one (contract 14, wish 15).
 * They end as reassigned, and their inputs get new jobs; those that share event ranges go on themselves at another queue, so that no range is lost.
 * Replies how many it has moved: as long as there are some, there may be more.
 */
export function* moveStranded(
  view: PandaView,
  site: string,
  timeMicros: number,
): SlicedDecision<{ readonly moved: number }> {
  if (!isAbandoned(view.queue(site))) return { events: [], reply: { moved: 0 } };
  const ways = new WaysOut(view);
  const kill = new Kill(view, { code: REASSIGNED, by: `queue ${site} is not served` }, timeMicros);
  const events: DecidedEvent[] = [];
  yield* ways.explore(site);
  const jobs = yield* bestJobs(view, site, ways.offer, true);
  let moved = 0;
  while (moved < JOBS_MAX) {
    const { value: entry } = jobs.next();
    const job = entry === undefined ? undefined : view.jobAt(entry.key);
    if (job === undefined) break;
    moved += 1;
    if (isOfEventService(job)) events.push(...ways.placed(job));
    else kill.add(job);
    if (job.kind === 'build') events.push(...(yield* abandonBuild(view, job, kill)));
    yield;
  }
  return { events: [...events, ...kill.events()], reply: { moved } };
}

/** Where the jobs of tasks could go. What a task says of it is read once. */
class WaysOut {
  private readonly brokers = new Map<string, Broker | undefined>();
  private readonly movable = new Set<ReadyClass>();

  constructor(private readonly view: PandaView) {}

  /** Takes jobs that can go elsewhere, as far as that is explored. */
  readonly offer: Offer = {
    amounts: [Infinity, Infinity, Infinity],
    label: null,
    accepts: () => true,
    acceptsClass: (ready) => this.movable.has(ready),
  };

  /** Finds out which jobs of a site can go elsewhere. There may be many that cannot. */
  *explore(site: string): Generator<void, void, void> {
    const { shelves } = yield* this.view.ready.inOrder(READY_QUEUE, site, BY_AGE);
    for (const { index } of shelves) {
      for (const { ready } of index.classes(() => this.offer.amounts)) {
        if (this.queueFor(ready.workload, ready.requirements) !== undefined) this.movable.add(ready);
        if (this.movable.size >= CLASSES_MAX) return;
        yield;
      }
    }
  }

  /** A queue for a job that can go elsewhere. */
  placed({ home, ordinal, attributes: a }: Job): readonly DecidedEvent[] {
    const { minRamCount: ram, maxDiskCount: disk, maxWalltime: walltime, coreCount: cores } = a;
    const queue = this.queueFor(home.name, JSON.stringify({ ram, disk, walltime, cores }));
    if (queue === undefined) return [];
    const set = { cloud: queue.cloud, destinationSE: queue.site };
    const data: JobsPlaced = { units: [[ordinal, ordinal]], site: queue.name, set };
    return [{ stream: home.stream, type: 'JobsPlaced', data }];
  }

  private queueFor(workload: string, requirements: string): Queue | undefined {
    const { ram, disk, walltime, cores } = needsOf(requirements);
    const needs = { cores, ram: { count: ram, isPerCore: false, base: 0 }, disk, walltime };
    const queue = this.brokerFor(workload)?.place(needs);
    return queue instanceof NoQueue ? undefined : queue;
  }

  private brokerFor(workload: string): Broker | undefined {
    if (!this.brokers.has(workload)) {
      const task = this.view.task(Number(workload));
      this.brokers.set(workload, task === undefined ? undefined : this.brokerOf(task));
    }
    return this.brokers.get(workload);
  }

  private brokerOf(task: Task): Broker {
    const template = JSON.parse(this.view.taskText(task, 'template') ?? '{}') as JobTemplate;
    return brokerOf(this.view, task, template);
  }
}

/** A library that is not built is given up, with the jobs that wait for it: the next jobs of the task get another one, where they go. */
function* abandonBuild(
  view: PandaView,
  { home, taskId, attributes, files }: Job,
  kill: Kill,
): Generator<void, readonly DecidedEvent[], void> {
  const site = attributes.computingSite;
  for (const page of jobPages(view, home, { statuses: ['pending'] })) {
    for (const { pandaId } of page) {
      const job = view.job(pandaId);
      if (job?.attributes.computingSite === site) kill.add(job);
      yield;
    }
  }
  const task = taskId === null ? undefined : view.task(taskId);
  const library = files.find(({ type }) => type === 'output')?.datasetID;
  if (task === undefined || library === undefined) return [];
  return datasetsMoved(task, [{ id: library }], { status: 'removed' });
}
