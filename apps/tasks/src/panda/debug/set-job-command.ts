import type { CommandReply, SetJobCommandRequest } from '#contracts/panda/kill.js';
import { isFinalJob } from '#contracts/panda/statuses.js';
import type { Decision } from '#event-sourcing/command.js';
import { jobAmended } from '../job-changes.js';
import { isBeingKilled } from '../kill/kill-effect.js';
import type { PandaView } from '../view.js';

const COMMAND_MAX = 250;

const refused = (message: string): Decision<CommandReply> => ({ events: [], reply: { is_done: false, message } });

/** `job/set_command` (PanDA contract 6.5): the pilot gets the command on each heartbeat until its job ends. */
export const setJobCommand = (
  view: PandaView,
  { job_id: id, command }: SetJobCommandRequest,
): Decision<CommandReply> => {
  if (command.length > COMMAND_MAX) return refused('command string too long. must be less than 250 chars');
  const job = view.job(id);
  if (job === undefined || isFinalJob(job.status)) return refused(`no active job with PandaID=${id}`);
  if (isBeingKilled(job.attributes)) return refused('job is being killed');
  const reply = { is_done: true, message: 'command received' };
  if (job.attributes.commandToPilot === command) return { events: [], reply };
  return { events: [jobAmended(job, { commandToPilot: command }, 'server')], reply };
};
