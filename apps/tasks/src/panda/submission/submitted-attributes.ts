import type { JobAttribute, JobAttributes } from '#contracts/panda/job-attributes.js';
import type { Principal } from '#contracts/panda/principal.js';
import { resourceTypeOf } from '#contracts/panda/queues.js';
import { globalShareOf } from '../refine/global-share.js';
import { isOfUser } from '../labels.js';
import type { PandaView } from '../view.js';
import type { SerializedJob } from './serialized-job.js';

/** Attributes that tell what has happened to a job. A new one has none of them, whatever its client says. */
const NOT_OF_NEW_JOBS: ReadonlySet<JobAttribute> = new Set<JobAttribute>([
  ...(['PandaID', 'jobStatus', 'jobSubStatus', 'creationTime', 'modificationTime', 'stateChangeTime'] as const),
  ...(['startTime', 'endTime', 'prodDBUpdateTime', 'commandToPilot', 'pilotID', 'batchID', 'metadata'] as const),
  ...(['jediTaskID', 'eventService', 'transExitCode', 'pilotErrorCode', 'pilotErrorDiag', 'exeErrorCode'] as const),
  ...(['exeErrorDiag', 'supErrorCode', 'supErrorDiag', 'ddmErrorCode', 'ddmErrorDiag', 'brokerageErrorCode'] as const),
  ...(['brokerageErrorDiag', 'jobDispatcherErrorCode', 'jobDispatcherErrorDiag', 'taskBufferErrorCode'] as const),
  ...(['taskBufferErrorDiag', 'jobsetID', 'jobDefinitionID', 'job_label'] as const),
]);

/** Labels of jobs that users submit: they belong to jobsets. `ptest` stands for its kinds too. */
export const hasJobset = (label: string): boolean => isOfUser(label) || label.startsWith('ptest');

const BUILD = 'panda';

/** Jobs with such a priority keep it (contract 6.5). */
const HIGH_PRIORITY = 1_500;

/** Labels of the group of jobs that a job belongs to (contract 3.4). */
export const JOB_LABELS: readonly string[] = ['user', 'managed'];

interface Context {
  readonly view: Pick<PandaView, 'shares' | 'resourceTypes'>;
  readonly principal: Principal;
  readonly jobDefinitionId: number;
  /** Active jobs that the user has before this one. */
  readonly activeJobs: number;
}

/** What a job has from its submission on. */
export const submittedAttributes = ({ attributes: sent }: SerializedJob, context: Context): JobAttributes => {
  const { view, principal, jobDefinitionId } = context;
  const kept = Object.fromEntries(
    Object.entries(sent).filter(([name]) => !NOT_OF_NEW_JOBS.has(name as JobAttribute)),
  ) as JobAttributes;
  const label = sent.prodSourceLabel ?? '';
  const priority = priorityOf(sent, context.activeJobs);
  return {
    ...kept,
    prodUserID: principal.dn,
    prodUserName: principal.isProduction ? (sent.prodUserName ?? principal.name) : principal.name,
    jobDefinitionID: hasJobset(label) ? jobDefinitionId : (sent.jobDefinitionID ?? jobDefinitionId),
    ...(hasJobset(label) && { jobsetID: sent.jobsetID ?? jobDefinitionId }),
    job_label: sent.job_label ?? (isOfUser(label) ? 'user' : 'managed'),
    assignedPriority: sent.assignedPriority ?? priority,
    currentPriority: priority,
    gshare: sent.gshare ?? shareOf(view, sent),
    resource_type: sent.resource_type ?? typeOf(view, sent),
    jobParameters: sent.jobParameters === undefined || sent.jobParameters === '' ? ' ' : sent.jobParameters,
  };
};

/** Priorities at insertion (contract 6.5). Stand-alone, no user has another offset or weight than 0. */
const priorityOf = (job: JobAttributes, activeJobs: number): number => {
  const assigned = job.assignedPriority ?? 0;
  const current = job.currentPriority ?? assigned;
  if (job.prodSourceLabel === 'install') return 4_100;
  if (job.prodSourceLabel === BUILD) return 2_000;
  if (job.prodSourceLabel !== 'user') return assigned;
  const isScout = (job.specialHandling ?? '').split(',').includes('sj');
  if (isScout || current >= HIGH_PRIORITY) return current;
  return 1_000 - Math.floor(activeJobs / 5);
};

const shareOf = (view: Pick<PandaView, 'shares'>, job: JobAttributes): string =>
  globalShareOf(view.shares(), {
    prodSourceLabel: job.prodSourceLabel ?? null,
    workingGroup: job.workingGroup ?? null,
    processingType: job.processingType ?? null,
    transPath: job.transformation ?? null,
    vo: job.VO ?? null,
    workQueue_ID: job.workQueue_ID ?? null,
  });

const typeOf = (view: Pick<PandaView, 'resourceTypes'>, job: JobAttributes): string =>
  resourceTypeOf(view.resourceTypes(), {
    cores: job.coreCount ?? null,
    ram: job.minRamCount ?? 0,
    unit: job.minRamUnit ?? null,
    base: 0,
  });
