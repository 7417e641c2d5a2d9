import type { EndedFile, JobEnd, JobFile } from '#contracts/panda/events.js';
import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import type { DecidedEvent, Decision } from '#event-sourcing/command.js';
import { isBeingKilled, killed, TASK_BUFFER_ERRORS } from '../kill/kill-effect.js';
import { isOptional, isOutput } from '../job/job.js';
import { isOfUser } from '../labels.js';
import type { Job, PandaView } from '../view.js';
import { isConsumer } from '../range/flavour.js';
import type { JobEnding } from '../range/settlement.js';
import { endJob } from './end-job.js';
import { retryOf } from './job-retry.js';
import { eventsInMetadata, readOutputReport, type ReportedFile } from './output-report.js';

/** `ddmErrorCode` of a report that does not tell of the outputs. */
const ADDER_ERROR = 200;
const UNREADABLE = 'Could not get GUID/LFN/MD5/FSIZE/SURL from pilot JSON';

/** Kill code of jobs that their pilot gave back. */
const CLOSED_BY_PILOT = 60;

type Files = ReadonlyMap<string, ReportedFile>;

const NO_FILES: Files = new Map();

/** Finalization of a job whose pilot has made its final report (PanDA contract 4.2.5). Nothing happens when another one was faster. */
export const finalize = (view: PandaView, pandaId: number, timeMicros: number): Decision<object> => {
  const job = view.job(pandaId);
  const events = job?.reported === undefined ? [] : finalized(view, job, timeMicros);
  return { events, reply: {} };
};

const finalized = (view: PandaView, job: Job, timeMicros: number): readonly DecidedEvent[] => {
  const files = readOutputReport(job.report ?? view.jobText(job.pandaId, 'report'));
  if (job.reported === 'finished') return endJob(view, job, unlessKilled(job, validated(view, job, files)), timeMicros);
  return afterFailure(view, job, files ?? NO_FILES, timeMicros);
};

const failure = (
  job: Job,
  ddmErrorDiag: string,
  files: readonly EndedFile[],
  also: Pick<JobEnd, 'except'> = {},
): JobEnding => ({
  status: 'failed',
  end: { set: { ...endTimeOf(job), ddmErrorCode: ADDER_ERROR, ddmErrorDiag }, inputs: 'failed', files, ...also },
});

const endTimeOf = ({ attributes: { endTime, modificationTime } }: Job): JobAttributes =>
  endTime === null ? { endTime: modificationTime } : {};

/** Steps 2 to 4 and 9: what the report says of the files of a job that finished. */
const validated = (view: PandaView, job: Job, reported: Files | undefined): JobEnding => {
  const outputs = job.files.filter(isOutput);
  const lacks = reported === undefined || reported.size === 0;
  // Consumers of events have stored their outputs range by range.
  if (lacks && outputs.length > 0 && !isConsumer(job) && !isExplained(job)) {
    return failure(job, UNREADABLE, outputs.map(failedFile));
  }
  const files = reported ?? NO_FILES;
  const events = eventsInMetadata(view.jobText(job.pandaId, 'metadata'));
  const missing = outputs.filter((file) => !files.has(file.lfn) && !mayBeMissing(view, job, file));
  const skipped = job.files.filter(({ type, lfn }) => type === 'input' && files.has(lfn));
  // Inputs that the report names were not used (step 4).
  const unused: 'skipped' | 'failed' = isOfUser(job.attributes.prodSourceLabel) ? 'skipped' : 'failed';
  const except = skipped.flatMap(({ fileID }) => (fileID === undefined ? [] : [{ file_id: fileID, inputs: unused }]));
  const also = except.length === 0 ? {} : { except };
  const ended = outputs.map((file) => endedFile(file, files.get(file.lfn), events.get(file.lfn)));
  const [first] = missing;
  if (first !== undefined) {
    const diagnostic = `expected output ${first.lfn} is missing in pilot JSON`;
    return failure(job, diagnostic, ended.map(asFailed), also);
  }
  // The log is no output data.
  const sizes = ended.flatMap(({ status, fsize = 0 }, at) =>
    status === 'finished' && outputs[at]?.type === 'output' ? [fsize] : [],
  );
  return {
    status: 'finished',
    end: {
      set: {
        ...endTimeOf(job),
        nOutputDataFiles: sizes.length,
        outputFileBytes: sizes.reduce((sum, size) => sum + size, 0),
      },
      inputs: 'finished',
      ...also,
      files: [...ended, ...skipped.map(({ row_ID }) => ({ row_ID, status: unused }))],
    },
  };
};

/** Whether an error of the job says why there is no report. */
const isExplained = ({ attributes }: Job): boolean =>
  attributes.pilotErrorCode !== 0 ||
  Number(attributes.transExitCode ?? 0) !== 0 ||
  attributes.taskBufferErrorCode === TASK_BUFFER_ERRORS.workerDone;

/** Consumers of events store their outputs range by range. */
const mayBeMissing = (view: PandaView, job: Job, file: JobFile): boolean => isConsumer(job) || isOptional(view, file);

const failedFile = ({ row_ID }: JobFile): EndedFile => ({ row_ID, status: 'failed' });
const asFailed = (file: EndedFile): EndedFile => ({ ...file, status: 'failed' });

const endedFile = ({ row_ID }: JobFile, reported: ReportedFile | undefined, events: number | undefined): EndedFile => {
  if (reported === undefined) return { row_ID, status: 'nooutput' };
  const { guid, fsize, checksum, events: own = events } = reported;
  return {
    ...{ row_ID, status: 'finished' },
    ...(guid !== undefined && { GUID: guid }),
    ...(fsize !== undefined && { fsize }),
    ...(checksum !== undefined && { checksum }),
    ...(own !== undefined && { n_events: own }),
  };
};

/** Steps 1, 5, 7 and 8. */
const afterFailure = (view: PandaView, job: Job, reported: Files, timeMicros: number): readonly DecidedEvent[] => {
  const { attributes } = job;
  // Only the log is of use.
  const files = job.files.filter(isOutput).map((file) => {
    const known = file.type === 'log' ? reported.get(file.lfn) : undefined;
    return known === undefined ? failedFile(file) : endedFile(file, known, undefined);
  });
  if (attributes.jobSubStatus === 'pilot_closed') {
    const order = { code: CLOSED_BY_PILOT, by: 'pilot' };
    const { status, set } = killed(order, job.status, () => attributes.stateChangeTime, timeMicros);
    return endJob(
      view,
      job,
      { status, end: { set: { ...set, ...endTimeKept(job) }, inputs: 'released', files } },
      timeMicros,
    );
  }
  if (isBeingKilled(attributes)) {
    const set = { ...endTimeOf(job), taskBufferErrorCode: TASK_BUFFER_ERRORS.kill };
    return endJob(view, job, { status: 'cancelled', end: { set, inputs: 'released', files } }, timeMicros);
  }
  const retry = retryOf(view, job, timeMicros);
  const set = { ...endTimeOf(job), ...retry?.set };
  const ending: JobEnding = { status: 'failed', end: { set, inputs: 'failed', files } };
  return [...endJob(view, job, ending, timeMicros), ...(retry?.events ?? [])];
};

/** Step 7: a job that was to be killed has not failed. */
const unlessKilled = ({ attributes }: Job, ending: JobEnding): JobEnding =>
  ending.status === 'failed' && isBeingKilled(attributes)
    ? {
        status: 'cancelled',
        end: {
          ...ending.end,
          set: { ...ending.end.set, taskBufferErrorCode: TASK_BUFFER_ERRORS.kill },
          inputs: 'released',
        },
      }
    : ending;

const endTimeKept = ({ attributes: { endTime } }: Job): JobAttributes => (endTime === null ? {} : { endTime });
