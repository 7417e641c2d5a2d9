import type { JobValues } from '#contracts/panda/job-attributes.js';
import { plainTime } from '#contracts/panda/times.js';
import { errorText } from '../job/job-errors.js';
import type { Job, PandaView } from '../view.js';

type ReasonView = Pick<PandaView, 'queue' | 'countAtSite' | 'task'>;

const whereOf = ({ computingSite }: JobValues): string => (computingSite === null ? '' : ` at ${computingSite}`);

const hostOf = ({ modificationHost }: JobValues): string =>
  modificationHost === null ? '' : ` on ${modificationHost}`;

const reasonOfActivated = (view: ReasonView, { attributes, taskId }: Job): string => {
  const site = attributes.computingSite ?? '';
  const queue = view.queue(site);
  if (queue === undefined || queue.status === 'offline') {
    const why = queue === undefined ? 'which is no queue that is configured' : 'but that queue is offline';
    const stays = taskId === null ? 'it stays there' : 'it is moved as soon as its task may run at another one';
    return `It waits for a pilot of ${site}, ${why}: ${stays}.`;
  }
  if (queue.status !== 'online' && queue.status !== 'test') {
    return `It waits for a pilot of ${site}, but that queue is ${queue.status}.`;
  }
  const [activated, running] = [view.countAtSite(site, 'activated'), view.countAtSite(site, 'running')];
  return `It waits for a pilot of ${site}: ${activated} jobs are activated there and ${running} are running.`;
};

const reasonOfThrottled = (view: ReasonView, { taskId }: Job): string => {
  const status = taskId === null ? undefined : view.task(taskId)?.status;
  return status === 'paused'
    ? 'Its task is paused: task/resume lets it go on.'
    : `It is throttled: its task is ${status}.`;
};

const ended = (what: string, { attributes }: Job): string => {
  const errors = errorText(attributes);
  return errors === '' ? `It is ${what}.` : `It is ${what}${whereOf(attributes)}: ${errors}.`;
};

/** Says in one sentence why a job is where it is: it names the first thing that has to change. */
export const jobReason = (view: ReasonView, job: Job): string => {
  const { status, attributes } = job;
  const isKilled = attributes.commandToPilot?.includes('tobekilled') === true;
  const command = isKilled ? ' It is to be killed when its pilot reports next.' : '';
  const since = plainTime(attributes.modificationTime);
  switch (status) {
    case 'pending':
    case 'waiting':
      return 'It is not set up yet.';
    case 'defined':
      return attributes.brokerageErrorDiag === null
        ? 'It has no queue yet: one is chosen within a minute.'
        : `It has no queue yet: ${attributes.brokerageErrorDiag}. It is tried again every half minute.`;
    case 'assigned':
      return `Its inputs are on their way${whereOf(attributes)}.`;
    case 'activated':
      return reasonOfActivated(view, job);
    case 'throttled':
      return reasonOfThrottled(view, job);
    case 'sent':
      return `A pilot${hostOf(attributes)}${whereOf(attributes)} got it at ${plainTime(attributes.startTime)} and has not reported yet.${command}`;
    case 'starting':
      return `Its pilot${whereOf(attributes)} prepares it; last report at ${since}.${command}`;
    case 'running':
      return `It is running${hostOf(attributes)}${whereOf(attributes)}; last report at ${since}.${command}`;
    case 'holding':
      return job.reported === undefined
        ? `Its pilot holds it since ${since}, normally to recover its outputs.`
        : `Its pilot has reported that it has ${job.reported === 'finished' ? 'finished' : 'failed'}; its outputs are checked.`;
    case 'transferring':
      return 'Its outputs are on their way to their destination.';
    case 'merging':
      return 'Its outputs wait for the job that merges them.';
    case 'finished':
      return 'It has finished.';
    case 'failed':
      return ended('failed', job);
    case 'cancelled':
      return ended('cancelled', job);
    case 'closed':
      return ended('closed', job);
  }
};
