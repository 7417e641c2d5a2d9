import type { Misfit } from './misfits.js';
import type { NamedJob, OpenBlocker } from './blockers.js';

/** What the reason follows from. */
export interface Circumstances {
  readonly status: string;
  readonly isCanceled: boolean;
  readonly isArchived: boolean;
  readonly open: { readonly count: number; readonly first: readonly OpenBlocker[] };
  readonly origins: readonly NamedJob[];
  /** What keeps the job from each offer last seen: nothing where it fits. */
  readonly offers: readonly (readonly Misfit[])[];
  /** Host that runs the job, or ran it last. */
  readonly host: string | undefined;
  readonly returnCode: number | undefined;
}

/** A job by its name, if it has one, and its id. */
export const called = ({ job_id, name }: NamedJob): string => (name === null ? job_id : `${name} (${job_id})`);

/** Numbers with at most three decimals. */
const shown = (amount: number | string): string =>
  typeof amount === 'string' ? amount || 'none' : String(Math.round(amount * 1000) / 1000);

const UNITS: Readonly<Record<string, (needed: string, offered: string) => string>> = {
  num_cpus: (needed, offered) => `it needs ${needed} CPUs and at most ${offered} were offered`,
  num_gpus: (needed, offered) => `it needs ${needed} GPUs and at most ${offered} were offered`,
  memory_gb: (needed, offered) => `it needs ${needed} GiB of memory and at most ${offered} were offered`,
  num_nodes: (needed, offered) => `it needs ${needed} nodes and at most ${offered} were offered`,
  runtime_seconds: (needed, offered) => `it runs for ${needed} s and at most ${offered} s were left`,
  scheduler_config_id: (needed) => `it is for the scheduler ${needed}, and workers of others asked`,
};

const greatest = (misfits: readonly Misfit[]): Misfit | undefined =>
  misfits.toSorted((one, other) => Number(other.offered) - Number(one.offered))[0];

/** By how much the offers miss the job: the best one for each limit, limits that keep it from the most offers first. */
const shortfalls = (offers: readonly (readonly Misfit[])[]): string => {
  const byName = Object.groupBy(offers.flat(), ({ name }) => name);
  return Object.entries(byName)
    .toSorted(([, one = []], [, other = []]) => other.length - one.length)
    .flatMap(([name, misfits = []]) => {
      const best = greatest(misfits);
      return best === undefined ? [] : (UNITS[name]?.(shown(best.asked), shown(best.offered)) ?? []);
    })
    .join('; ');
};

const reasonOfReady = ({ isCanceled, offers }: Circumstances): string => {
  if (isCanceled) return 'It is ready, but its workflow is canceled: nothing is handed out until reset_status.';
  if (offers.length === 0) return 'It is ready, but no worker has asked for jobs of its workflow since Cairn started.';
  if (offers.some((misfits) => misfits.length === 0))
    return 'It is ready, and a worker that fits has asked: it waits for its turn.';
  return `It is ready, but fits none of the offers last seen (${offers.length}): ${shortfalls(offers)}.`;
};

/** What a blocker is to make for the job. */
const joint = ({ files, user_data }: OpenBlocker): string => {
  const names = [...files, ...user_data].slice(0, 3);
  return names.length === 0 ? '' : ` to make ${names.join(', ')}`;
};

const others = (count: number): string => (count === 0 ? '' : `, and for ${count} more job${count === 1 ? '' : 's'}`);

const reasonOfBlocked = ({ open, origins }: Circumstances): string => {
  const [blocker] = open.first;
  if (blocker === undefined) return 'It is blocked, but by no job that is open: initialize_jobs makes it ready.';
  const start = `It waits for ${called(blocker)}${joint(blocker)}${others(open.count - 1)}`;
  const disabled = origins.find(({ status }) => status === 'disabled');
  if (disabled !== undefined)
    return `${start}; ${called(disabled)} is disabled, so that nothing unblocks it until that is enabled.`;
  const uninitialized = origins.find(({ status }) => status === 'uninitialized');
  if (uninitialized !== undefined)
    return `${start}; ${called(uninitialized)} is uninitialized: initialize_jobs is needed.`;
  const [origin] = origins;
  return origin === undefined ? `${start}.` : `${start}; of what it waits for, ${called(origin)} is ${origin.status}.`;
};

/** Says in one sentence why a job is not running: it names the first thing that has to change. */
export const jobReason = (circumstances: Circumstances): string => {
  const { status, isArchived, host, returnCode } = circumstances;
  const at = host === undefined ? '' : ` on ${host}`;
  switch (status) {
    case 'uninitialized':
      return isArchived
        ? 'It is not initialized, and its workflow is archived: nothing starts.'
        : 'It is not initialized: a start or restart of the workflow makes it ready or blocked.';
    case 'blocked':
      return reasonOfBlocked(circumstances);
    case 'ready':
    case 'scheduled':
      return reasonOfReady(circumstances);
    case 'submitted_pending':
      return 'A worker has claimed it and has not started it yet; should the worker be gone, a restart of the workflow makes it ready again.';
    case 'submitted':
      return `It is running${at}.`;
    case 'done':
      return returnCode === 0 || returnCode === undefined
        ? 'It is complete.'
        : `It has failed with the return code ${returnCode}${at}.`;
    case 'terminated':
      return `Its worker ended it${at}, normally because time was up; a restart of the workflow runs it again.`;
    case 'canceled':
      return 'It is canceled, by a user or because a job before it failed; reset_job_status and a restart of the workflow run it again.';
    default:
      return 'It is disabled: nothing runs it until somebody enables it.';
  }
};
