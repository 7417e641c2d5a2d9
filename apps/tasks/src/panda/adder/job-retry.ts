import type { JobFile, NewJob } from '#contracts/panda/events.js';
import type { JobAttribute, JobAttributes } from '#contracts/panda/job-attributes.js';
import { timeText } from '#contracts/panda/times.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { JobEvents } from '../generate/job-events.js';
import { isOutput } from '../job/job.js';
import { needsText } from '../generate/job-needs.js';
import { Numbers } from '../generate/numbers.js';
import { TASK_BUFFER_ERRORS } from '../kill/kill-effect.js';
import type { Job, PandaView } from '../view.js';

/** Pilot errors after which a job runs once more, whatever its pilot wishes: it was killed from outside. */
const RETRIED_ERRORS: ReadonlySet<number | null> = new Set([1200, 1201, 1213]);
const RETRIED_ATTEMPTS = 2;

const RETRIED_LABELS: ReadonlySet<string | null> = new Set(['user', 'panda', 'ptest']);

const PRIORITY_LOSS = 10;

/** What has happened to the attempt before. */
const HISTORY: readonly JobAttribute[] = [
  ...(['PandaID', 'jobStatus', 'jobSubStatus', 'startTime', 'endTime', 'modificationTime', 'stateChangeTime'] as const),
  ...(['creationTime', 'prodDBUpdateTime', 'schedulerID', 'pilotID', 'batchID', 'modificationHost'] as const),
  ...(['computingElement', 'commandToPilot', 'computingSite', 'prodSourceLabel', 'currentPriority'] as const),
  ...(['transExitCode', 'pilotErrorCode', 'pilotErrorDiag', 'exeErrorCode', 'exeErrorDiag'] as const),
  ...(['supErrorCode', 'supErrorDiag', 'ddmErrorCode', 'ddmErrorDiag', 'brokerageErrorCode'] as const),
  ...(['brokerageErrorDiag', 'jobDispatcherErrorCode', 'jobDispatcherErrorDiag', 'taskBufferErrorCode'] as const),
  ...(['taskBufferErrorDiag', 'cpuConsumptionTime', 'cpuConsumptionUnit', 'cpuConversion', 'pilotTiming'] as const),
  ...(['jobMetrics', 'actualCoreCount', 'nEvents', 'metadata', 'outputFileBytes', 'memory_leak'] as const),
  ...(['memory_leak_x2', 'maxRSS', 'maxVMEM', 'maxSWAP', 'maxPSS', 'avgRSS', 'avgVMEM', 'avgSWAP', 'avgPSS'] as const),
  ...(['totRCHAR', 'totWCHAR', 'totRBYTES', 'totWBYTES', 'rateRCHAR', 'rateWCHAR', 'rateRBYTES'] as const),
  ...(['rateWBYTES', 'hs06', 'hs06sec', 'cpu_architecture_level'] as const),
];

/** A further attempt of a failed job. */
export interface JobRetry {
  /** What the failed job says of it. */
  readonly set: JobAttributes;
  readonly events: readonly DecidedEvent[];
}

/** The retry of a job that was submitted without a task (PanDA contract 4.2.7): jobs of tasks are made anew from their files. */
export const retryOf = (view: PandaView, job: Job, timeMicros: number): JobRetry | undefined => {
  const { attributes: a } = job;
  if (job.taskId !== null || !RETRIED_LABELS.has(a.prodSourceLabel) || !isRetried(job)) return undefined;
  const numbers = new Numbers(view);
  const pandaId = numbers.take('job');
  const attemptNr = (a.attemptNr ?? 0) + 1;
  const names = new Map(job.files.filter(isOutput).map(({ lfn }) => [lfn, nameOfRetry(job, lfn, attemptNr)]));
  const common: JobAttributes = {
    ...Object.fromEntries(
      Object.entries(a).filter(([name, value]) => value !== null && !HISTORY.includes(name as JobAttribute)),
    ),
    ...{ creationTime: timeText(timeMicros), attemptNr, parentID: job.pandaId },
    jobParameters: renamed(a.jobParameters ?? ' ', names),
  };
  const copy: NewJob = {
    panda_id: pandaId,
    set: {},
    files: job.files.map((file) => retriedFile(file, numbers.take('row'), names)),
    takes: [],
  };
  const created = new JobEvents(job.home);
  created.add(
    {
      ...{ kind: job.kind, status: 'activated', requirements: needsText(common), common },
      site: a.computingSite ?? '',
      label: a.prodSourceLabel ?? '',
      priority: (a.currentPriority ?? 0) - PRIORITY_LOSS,
    },
    [copy],
  );
  const set = {
    taskBufferErrorCode: TASK_BUFFER_ERRORS.retriedByPilot,
    taskBufferErrorDiag: `retrying at the same site. new PandaID=${pandaId}`,
  };
  return { set, events: created.events };
};

const isRetried = ({ reported, attributes: { attemptNr, maxAttempt, pilotErrorCode } }: Job): boolean => {
  const attempt = attemptNr ?? 0;
  if (reported === 'retry' && (maxAttempt ?? 0) > attempt) return true;
  return RETRIED_ERRORS.has(pilotErrorCode) && attempt < RETRIED_ATTEMPTS;
};

/** A retry has the number of its attempt at the end of the name, in place of that of the retry before it. */
const nameOfRetry = ({ attributes: { parentID, attemptNr } }: Job, lfn: string, next: number): string => {
  const before = `.${attemptNr}`;
  return `${parentID !== null && lfn.endsWith(before) ? lfn.slice(0, -before.length) : lfn}.${next}`;
};

const retriedFile = (file: JobFile, row_ID: number, names: ReadonlyMap<string, string>): JobFile => {
  const lfn = names.get(file.lfn);
  return lfn === undefined ? { ...file, row_ID } : { ...file, row_ID, lfn, status: 'unknown' };
};

/** A command line with other names of files: the payload writes what its pilot expects. Names that only begin or end alike stay. */
const renamed = (command: string, names: ReadonlyMap<string, string>): string =>
  command.replace(/%20|[^\s'":;,=[\]%]+/gu, (word) => names.get(word) ?? word);
