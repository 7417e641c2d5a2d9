import type { JobsMoved, JobStarted, JobTextName } from '#contracts/panda/events.js';
import type { JobAttribute, JobAttributes } from '#contracts/panda/job-attributes.js';
import type { JobReport, JobReportReply } from '#contracts/panda/reports.js';
import type { ReportedStatus } from '#contracts/panda/statuses.js';
import { plainTime, timeText } from '#contracts/panda/times.js';
import type { Ranges } from '#contracts/work-events.js';
import type { DecidedEvent, Decision } from '#event-sourcing/command.js';
import { DomainError } from '#platform/domain-error.js';
import { jobAmended } from '../job-changes.js';
import { takeSemaphore } from '../range/settle-clone.js';
import { textEvents } from '../text-events.js';
import type { Job, PandaView } from '../view.js';
import { measured, wishesRetry } from './measurements.js';
import { commandOf, isFinalReport, isReported, reportEffect } from './report-effect.js';

/** Characters that are stored of a pilot's log. */
const LOG_MAX = 4_000;

/** Characters of an output report up to which it is in the event that it comes with. */
const REPORT_INSIDE_MAX = 4_000;

/** `supErrorCode` of a report from another batch job. */
const INVALID_BATCH_ID = 1;
const SUP_DIAG_MAX = 250;

const nothing = (command: string): Decision<JobReportReply> => ({ events: [], reply: { command } });

/** `pilot/update_job` (PanDA contract 4.2.4): stores what a pilot says of a job, and tells what it is to do. */
export const updateJob = (view: PandaView, report: JobReport, timeMicros: number): Decision<JobReportReply> => {
  const { job_status: status } = report;
  if (!isReported(status)) {
    return new DomainError('invalid', 'job.invalid-status', `Invalid job status: ${status}`);
  }
  const set = measured(report.fields);
  const job = view.job(report.job_id);
  const effect = reportEffect(job, { status, attemptNr: report.attempt_nr, batchId: set.batchID ?? undefined });
  if (effect.kind === 'refused') return nothing(effect.command);
  // A report of an unknown job is refused.
  if (job === undefined) return nothing('tobekilled');
  const command = commandOf(job.attributes);
  switch (effect.kind) {
    case 'ignored':
      return nothing(command);
    case 'foreign': {
      const supErrorDiag = `got an update request with invalid batchID=${effect.batchId}`.slice(0, SUP_DIAG_MAX);
      const wrong = changed(job, { supErrorCode: INVALID_BATCH_ID, supErrorDiag });
      const events = Object.keys(wrong).length === 0 ? [] : [jobAmended(job, wrong, 'server')];
      return { events, reply: { command: 'tobekilled' } };
    }
    case 'stored': {
      const semaphore = status === 'running' ? takeSemaphore(view, job) : undefined;
      if (semaphore?.wins === false) return { events: semaphore.events, reply: { command: 'tobekilled' } };
      const change = new Change(job, status, report, timeMicros);
      const events = [change.moved(effect.status, set), ...change.texts(), ...(semaphore?.events ?? [])];
      return { events, reply: { command } };
    }
  }
};

const unitsOf = ({ ordinal }: Job): Ranges => [[ordinal, ordinal]];

/** The attributes whose values differ. */
const changed = ({ attributes }: Job, set: JobAttributes): JobAttributes =>
  Object.fromEntries(Object.entries(set).filter(([name, value]) => attributes[name as JobAttribute] !== value));

class Change {
  constructor(
    private readonly job: Job,
    private readonly reported: ReportedStatus,
    private readonly report: JobReport,
    private readonly timeMicros: number,
  ) {}

  moved(status: Job['status'], measurements: JobAttributes): DecidedEvent {
    const { job, reported } = this;
    const isFinal = isFinalReport(reported);
    if (status === job.status && !isFinal) return jobAmended(job, changed(job, measurements), 'heartbeat');
    const set = changed(job, { ...this.times(status, measurements), ...measurements, ...this.dispatcherDiag(status) });
    const { stream } = job.home;
    if (status === 'running') {
      const data: JobStarted = { units: unitsOf(job), status, set };
      return { stream, type: 'UnitStarted', data };
    }
    const report = this.reportInside;
    const final = reported === 'failed' && wishesRetry(this.report.fields) ? 'retry' : reported;
    const data: JobsMoved = {
      ...{ units: unitsOf(job), status, set },
      ...((final === 'retry' || isFinalReport(final)) && { final }),
      ...(report !== undefined && { report }),
    };
    return { stream, type: 'UnitsMoved', data };
  }

  /** Texts of the report. Of a final one the output report waits for the adder, here if it is long. */
  texts(): readonly DecidedEvent[] {
    const { fields } = this.report;
    const texts: readonly (readonly [JobTextName, unknown])[] = [
      ['report', this.reportInside === undefined ? this.outputReport : undefined],
      ['metadata', fields['meta_data']],
      ['pilot_log', fields['pilot_log']],
      ['stdout', fields['stdout']],
    ];
    return texts.flatMap(([name, value]) => {
      if (typeof value !== 'string' || value === '') return [];
      const text = name === 'pilot_log' ? value.slice(0, LOG_MAX) : value;
      return textEvents(this.job.home.stream, name, text, unitsOf(this.job));
    });
  }

  /** What only the adder wants. */
  private get outputReport(): unknown {
    return isFinalReport(this.reported) ? this.report.fields['job_output_report'] : undefined;
  }

  /** The output report, if it is short. */
  private get reportInside(): string | undefined {
    const report = this.outputReport;
    const isInside = typeof report === 'string' && report !== '' && report.length <= REPORT_INSIDE_MAX;
    return isInside ? report : undefined;
  }

  private times(status: Job['status'], { startTime, endTime }: JobAttributes): JobAttributes {
    const now = timeText(this.timeMicros);
    if (status === 'running') return { startTime: startTime ?? now };
    const isEnd = status === 'holding' || (status === 'transferring' && this.job.status === 'running');
    return isEnd ? { endTime: endTime ?? this.job.attributes.endTime ?? now } : {};
  }

  private dispatcherDiag(status: Job['status']): JobAttributes {
    if (isFinalReport(this.reported)) return { jobDispatcherErrorDiag: null };
    if (status !== 'holding' && status !== 'transferring') return {};
    const at = plainTime(timeText(this.timeMicros));
    return { jobDispatcherErrorDiag: `set to ${status} by the pilot at ${at}` };
  }
}
