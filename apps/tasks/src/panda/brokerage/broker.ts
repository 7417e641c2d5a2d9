import type { Queue } from '#contracts/panda/queues.js';
import { isOfUser } from '../labels.js';
import type { PandaView } from '../view.js';
import { type ChunkNeeds, coresIn, minRamOf } from './requirements.js';

/** What a task says about the queues that its jobs may go to (PanDA contract 9.4, step 2). */
export interface QueueChoice {
  /** `prodSourceLabel`. */
  readonly label: string;
  readonly site: string | null;
  readonly cloud: string | null;
  /** Names of queues, possibly with `*`; all when it is empty. */
  readonly included: readonly string[];
  readonly excluded: readonly string[];
  /** Queues in which the task's build has failed. */
  readonly failedBuilds: ReadonlySet<string>;
}

type BrokerView = Pick<PandaView, 'queues' | 'countAtSite'>;

interface Candidate {
  readonly queue: Queue;
  queued: number;
  readonly running: number;
}

/** Names of queues by the reason for which they were lost. */
type Lost = ReadonlyMap<string, readonly string[]>;

/** No queue is left for some jobs. */
export class NoQueue {
  constructor(private readonly lost: Lost) {}

  /** For `errorDialog`: per reason, the queues. */
  get reason(): string {
    if (this.lost.size === 0) return 'no queue is configured';
    const reasons = [...this.lost].map(([reason, names]) => `${reason}: ${listed(names)}`);
    return `no queue can run the jobs. ${reasons.join('; ')}`;
  }
}

const NAMES_SHOWN = 4;
const listed = (names: readonly string[]): string => {
  const more = names.length - NAMES_SHOWN;
  return names.slice(0, NAMES_SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '');
};

const TEST_LABELS: readonly string[] = ['test', 'prod_test', 'ptest', 'rc_test', 'rc_test2', 'install'];

const QUEUED = ['defined', 'assigned', 'activated'] as const;

/**
 * Chooses queues for the jobs of one change of a task: always the one with the lowest (queued + 1) / (running + 1), with what it has
 * chosen before counted as queued.
 */
export class Broker {
  private readonly candidates: readonly Candidate[];
  private readonly lost: Lost;
  /** By what chunks need; most chunks of a task need the same. */
  private readonly fitting = new Map<string, readonly Candidate[] | NoQueue>();

  constructor(
    view: BrokerView,
    private readonly choice: QueueChoice,
  ) {
    const { left, lost } = sieve(view.queues(), (queue) => this.unsuitable(queue));
    this.lost = lost;
    this.candidates = left.map((queue) => ({
      queue,
      queued: QUEUED.reduce((sum, status) => sum + view.countAtSite(queue.name, status), 0),
      running: view.countAtSite(queue.name, 'running'),
    }));
  }

  place(needs: ChunkNeeds): Queue | NoQueue {
    const fitting = this.fittingFor(needs);
    if (fitting instanceof NoQueue) return fitting;
    return placedAt(leastLoaded(fitting));
  }

  /** A queue for each of some jobs that share a chunk: so many different ones, as far as there are, in turn. */
  placeAll(needs: ChunkNeeds, jobs: number, sites: number): readonly Queue[] | NoQueue {
    const fitting = this.fittingFor(needs);
    if (fitting instanceof NoQueue) return fitting;
    if (jobs === 1) return [placedAt(leastLoaded(fitting))];
    const chosen = fitting.toSorted((one, other) => load(one) - load(other)).slice(0, sites);
    return Array.from({ length: jobs }, (_, at) => placedAt(chosen[at % chosen.length] ?? leastLoaded(fitting)));
  }

  private fittingFor(needs: ChunkNeeds): readonly Candidate[] | NoQueue {
    const key = JSON.stringify(needs);
    let fitting = this.fitting.get(key);
    if (fitting === undefined) {
      const { left, lost } = sieve(this.candidates, ({ queue }) => misfit(queue, needs), this.lost);
      fitting = left.length === 0 ? new NoQueue(lost) : left;
      this.fitting.set(key, fitting);
    }
    return fitting;
  }

  /** Why no job of the task can go to a queue. */
  private unsuitable(queue: Queue): string | undefined {
    const { label, site, cloud, included, excluded, failedBuilds } = this.choice;
    const mayBeTest = TEST_LABELS.includes(label);
    if (queue.status !== 'online' && !(mayBeTest && queue.status === 'test')) return 'not online';
    if (!takesLabel(queue, label)) return `not for jobs with the label ${label}`;
    if (site !== null && site !== '' && !isNamed(queue, site)) return `not the site ${site}`;
    if (included.length > 0 && !included.some((name) => isNamed(queue, name))) return 'not in includedSite';
    if (excluded.some((name) => isNamed(queue, name))) return 'in excludedSite';
    if (cloud !== null && cloud !== '' && cloud !== ANY_CLOUD && queue.cloud !== cloud) return `not in cloud ${cloud}`;
    if (failedBuilds.has(queue.name)) return 'build failed';
    return undefined;
  }
}

const ANY_CLOUD = 'WORLD';

const load = ({ queued, running }: Candidate): number => (queued + 1) / (running + 1);

const leastLoaded = (candidates: readonly Candidate[]): Candidate =>
  candidates.reduce((one, other) => (load(other) < load(one) ? other : one));

/** One more job waits for a candidate. */
const placedAt = (candidate: Candidate): Queue => {
  candidate.queued += 1;
  return candidate.queue;
};

const takesLabel = ({ type }: Queue, label: string): boolean =>
  type === 'unified' || type === (isOfUser(label) ? 'analysis' : 'production');

const isNamed = ({ name, site }: Queue, pattern: string): boolean => matches(pattern, name) || matches(pattern, site);

/** A pattern may have `*` anywhere. */
const matches = (pattern: string, name: string): boolean => {
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) return pattern === name;
  if (!name.startsWith(head) || !name.endsWith(tail) || name.length < head.length + tail.length) return false;
  let at = head.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= name.length - tail.length;
};

const misfit = (queue: Queue, { cores, ram, disk, walltime }: ChunkNeeds): string | undefined => {
  if (queue.capability === 'score' && cores > 1) return `no jobs with ${cores} cores`;
  if (queue.capability === 'mcore' && cores === 1) return 'no jobs with one core';
  const needed = minRamOf(ram, coresIn(queue.cores, cores));
  if (queue.maxrss > 0 && queue.maxrss < needed) return `maxrss below ${needed} MB`;
  if (queue.maxwdir > 0 && queue.maxwdir < disk) return `maxwdir below ${disk} MB`;
  if (walltime !== undefined && queue.maxtime > 0 && queue.maxtime < walltime) return `maxtime below ${walltime} s`;
  return undefined;
};

/** What is left of candidates, and which queues were lost for which reason, those lost before included. */
const sieve = <Some extends Queue | Candidate>(
  candidates: readonly Some[],
  reasonAgainst: (candidate: Some) => string | undefined,
  before: Lost = new Map(),
): { readonly left: readonly Some[]; readonly lost: Lost } => {
  const lost = new Map(before);
  const left = candidates.filter((candidate) => {
    const reason = reasonAgainst(candidate);
    if (reason === undefined) return true;
    const { name } = 'queue' in candidate ? candidate.queue : candidate;
    lost.set(reason, [...(lost.get(reason) ?? []), name]);
    return false;
  });
  return { left, lost };
};
