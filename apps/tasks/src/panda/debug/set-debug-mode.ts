import type { CommandReply, SetDebugModeRequest } from '#contracts/panda/kill.js';
import type { Principal } from '#contracts/panda/principal.js';
import { isFinalJob, type JobStatus } from '#contracts/panda/statuses.js';
import type { Decision } from '#event-sourcing/command.js';
import { jobAmended } from '../job-changes.js';
import type { Job, PandaView } from '../view.js';

/** Jobs in debug mode of one user, or of a working group for those who have its production role. */
const USER_MAX = 3;
const GROUP_MAX = 10;

const TOKEN = 'debug';

/** Statuses in which the mode can be set, as the answer lists them. */
const STATUSES: readonly JobStatus[] = ['defined', 'activated', 'running', 'sent', 'starting', 'assigned'];

const refused = (message: string): Decision<CommandReply> => ({ events: [], reply: { is_done: false, message } });

/** `job/set_debug_mode` (PanDA contract 6.5, D10): the pilot sends what its payload prints, and takes commands. */
export const setDebugMode = (
  view: PandaView,
  { job_id: id, mode, principal }: SetDebugModeRequest,
): Decision<CommandReply> => {
  const job = view.job(id);
  if (job === undefined || isFinalJob(job.status)) return refused(`PandaID=${id} not found in active DB`);
  if (!STATUSES.includes(job.status)) {
    const list = STATUSES.map((status) => `'${status}'`).join(', ');
    return refused(`Cannot set debugMode since the job status is ${job.status} which is not in one of [${list}]`);
  }
  const problem = forbidden(principal, job);
  if (problem !== undefined) return refused(problem);
  const tokens = (job.attributes.specialHandling ?? '').split(',').filter((token) => token !== '');
  if (tokens.includes(TOKEN) === mode) {
    return { events: [], reply: { is_done: true, message: 'Already set accordingly' } };
  }
  const others = mode ? tooMany(view, principal, job) : undefined;
  if (others !== undefined) return refused(others);
  const after = mode ? [...tokens, TOKEN] : tokens.filter((token) => token !== TOKEN);
  const specialHandling = after.length === 0 ? null : after.join(',');
  return {
    events: [jobAmended(job, { specialHandling }, 'server')],
    reply: { is_done: true, message: 'Succeeded' },
  };
};

const isOfGroup = ({ workingGroups }: Principal, { attributes: { workingGroup } }: Job): boolean =>
  workingGroup !== null && workingGroups.includes(workingGroup);

const forbidden = (principal: Principal, job: Job): string | undefined => {
  const { prodUserName, workingGroup } = job.attributes;
  if (principal.isProduction || prodUserName === principal.name || isOfGroup(principal, job)) return undefined;
  // Who leads another group is told whose job it is.
  return principal.workingGroups.length > 0 && workingGroup !== null
    ? `Permission denied. Not the production manager for workingGroup=${workingGroup}`
    : 'Permission denied. Not the owner or production manager';
};

const tooMany = (view: PandaView, principal: Principal, job: Job): string | undefined => {
  if (principal.isProduction) return undefined;
  const { prodUserName, workingGroup } = job.attributes;
  const [most, ids] =
    isOfGroup(principal, job) && workingGroup !== null
      ? [GROUP_MAX, view.debugJobs({ workingGroup })]
      : [USER_MAX, view.debugJobs({ user: prodUserName ?? '' })];
  if (ids.length < most) return undefined;
  return (
    `You already hit the limit on the maximum number of debug subjobs (${most} jobs). ` +
    `Please set the debug mode off for one of the following PandaIDs : ${ids.join(',')}`
  );
};
