import type { KillJobsRequest } from '#contracts/panda/kill.js';
import type { SlicedDecision } from '#event-sourcing/command.js';
import type { PandaView } from '../view.js';
import { Kill } from './kill-jobs.js';
import { mayKill } from './may-kill.js';

/** Jobs killed between two yields. */
const SLICE = 20;

/** `job/kill` (PanDA contract 4.2.8): kills those of some jobs that the caller may kill. */
export function* killRequested(
  view: PandaView,
  request: KillJobsRequest,
  timeMicros: number,
): SlicedDecision<{ readonly killed: readonly boolean[] }> {
  const { job_ids: ids, code, principal, by, sub_status: subStatus } = request;
  const { isProduction } = principal;
  const kill = new Kill(view, { code, by, isProduction, ...(subStatus !== undefined && { subStatus }) }, timeMicros);
  const streams: (string | undefined)[] = [];
  for (const id of ids) {
    const job = view.job(id);
    const isKilled = job !== undefined && mayKill(principal, job, code) && kill.add(job);
    streams.push(isKilled ? job.home.stream : undefined);
    if (streams.length % SLICE === 0) yield;
  }
  const reply = (succeeded: ReadonlySet<string>) => ({
    killed: streams.map((stream) => stream !== undefined && succeeded.has(stream)),
  });
  return { events: kill.events(), reply };
}
