import type { AddedJob } from '#contracts/torc/events.js';
import { type JobRequirements, requirementsText } from './requirements.js';

interface Internal extends JobRequirements {
  readonly scheduler_config_id: string;
  readonly hash: number;
}

/** What an event says of a job's `internal` (Torc contract 2.10), with defaults filled in; nothing when the client sent none. */
export const internalFields = (raw: string | undefined): Pick<AddedJob, 'requirements' | 'scheduler' | 'hash'> => {
  if (raw === undefined) return {};
  const internal = JSON.parse(raw) as Internal;
  return { requirements: requirementsText(internal), scheduler: internal.scheduler_config_id, hash: internal.hash };
};
