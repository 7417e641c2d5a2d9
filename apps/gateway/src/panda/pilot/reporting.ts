import { Injectable } from '@nestjs/common';
import { DomainError, refusalOf } from '#platform/domain-error.js';
import { Bus } from '#bus/bus.js';
import type { MessageContext } from '#bus/contract.js';
import { type JobReport, UpdateJob, UpdateJobs } from '#contracts/panda/reports.js';
import { REPORTED_STATUSES } from '#contracts/panda/statuses.js';
import { type Envelope, failure, success } from '../protocol/function.js';
import { within } from '../protocol/time-limit.js';
import type { Item } from './job-reports.js';

/** Status words (PanDA contract 12). */
const TIMED_OUT = 10;
const FAILED = 30;
const INVALID = 50;

const commandEnvelope = (command: string): Envelope => success({ StatusCode: 0, command });
const invalid = (message: string): Envelope => failure(message, { StatusCode: INVALID });
const failed = (message: string): Envelope => failure(message, { StatusCode: FAILED });

const isKnown = (status: string): boolean => (REPORTED_STATUSES as readonly string[]).includes(status);

export const INVALID_JOB = 'Invalid job ID';

/** Passes what pilots say of their jobs on (PanDA contract 4.2.4). */
@Injectable()
export class Reporting {
  constructor(private readonly bus: Bus) {}

  /** The answer of `update_job`. */
  async report(context: MessageContext, seconds: unknown, report: JobReport): Promise<Envelope> {
    if (!isKnown(report.job_status)) return invalid(`Invalid job status: ${report.job_status}`);
    // Who holds a job waits as long as it takes.
    const limit = report.job_status === 'holding' ? null : seconds;
    const reply = await within(context, limit, (limited) => this.bus.request(UpdateJob, report, limited));
    return reply === undefined ? success({ StatusCode: TIMED_OUT }, 'Timed out') : commandEnvelope(reply.command);
  }

  /** One answer per item, in their order (trap 25). */
  async reportMany(context: MessageContext, items: readonly Item[]): Promise<readonly Envelope[]> {
    const reports = items.flatMap((item) => (item !== undefined && isKnown(item.job_status) ? [item] : []));
    const reply =
      reports.length === 0 ? { replies: [] } : await refusalOf(this.bus.request(UpdateJobs, { reports }, context));
    if (reply instanceof DomainError && reply.kind === 'unavailable') throw reply;
    const replies = reply instanceof DomainError ? reports.map(() => ({ problem: reply.message })) : reply.replies;
    let at = 0;
    return items.map((item) => {
      if (item === undefined) return invalid(INVALID_JOB);
      if (!isKnown(item.job_status)) return invalid(`Invalid job status: ${item.job_status}`);
      const own = replies[at++];
      if (own === undefined) return failed('no answer');
      return 'problem' in own ? failed(own.problem) : commandEnvelope(own.command);
    });
  }
}
