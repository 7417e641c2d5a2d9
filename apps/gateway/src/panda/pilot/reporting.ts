import { Injectable } from '@nestjs/common';
import { DomainError, refusalOf } from '#platform/domain-error.js';
import { Bus } from '#bus/bus.js';
import type { MessageContext } from '#bus/contract.js';
import { type BulkReportReply, type JobReport, UpdateJob, UpdateJobs } from '#contracts/panda/reports.js';
import { REPORTED_STATUSES } from '#contracts/panda/statuses.js';
import { type Envelope, failure, success } from '../protocol/function.js';
import { within } from '../protocol/time-limit.js';
import { ReportedNodes } from '../worker/reported-nodes.js';
import type { Item } from './job-reports.js';
import { PilotSecrets } from './pilot-secrets.js';

/** Status words (PanDA contract 12). */
const TIMED_OUT = 10;
const FAILED = 30;
const INVALID = 50;

const commandEnvelope = (command: string, more: object): Envelope => success({ StatusCode: 0, command, ...more });
const invalid = (message: string): Envelope => failure(message, { StatusCode: INVALID });
const failed = (message: string): Envelope => failure(message, { StatusCode: FAILED });

const isKnown = (status: string): boolean => (REPORTED_STATUSES as readonly string[]).includes(status);

const isToDebug = (reply: BulkReportReply): boolean => 'command' in reply && reply.command.includes('debug');

export const INVALID_JOB = 'Invalid job ID';

/** Passes what pilots say of their jobs on (PanDA contract 4.2.4). */
@Injectable()
export class Reporting {
  constructor(
    private readonly bus: Bus,
    private readonly secrets: PilotSecrets,
    private readonly nodes: ReportedNodes,
  ) {}

  /** The answer of `update_job`. */
  async report(context: MessageContext, seconds: unknown, report: JobReport): Promise<Envelope> {
    if (!isKnown(report.job_status)) return invalid(`Invalid job status: ${report.job_status}`);
    // Who holds a job waits as long as it takes.
    const limit = report.job_status === 'holding' ? null : seconds;
    const reply = await within(context, limit, (limited) => this.bus.request(UpdateJob, report, limited));
    if (reply === undefined) return success({ StatusCode: TIMED_OUT }, 'Timed out');
    await this.nodes.record(context, [report]);
    return commandEnvelope(reply.command, await this.toDebug(context, [reply]));
  }

  /** One answer per item, in their order (trap 25). */
  async reportMany(context: MessageContext, items: readonly Item[]): Promise<readonly Envelope[]> {
    const reports = items.flatMap((item) => (item !== undefined && isKnown(item.job_status) ? [item] : []));
    const reply =
      reports.length === 0 ? { replies: [] } : await refusalOf(this.bus.request(UpdateJobs, { reports }, context));
    if (reply instanceof DomainError && reply.kind === 'unavailable') throw reply;
    await this.nodes.record(context, reports);
    const replies = reply instanceof DomainError ? reports.map(() => ({ problem: reply.message })) : reply.replies;
    const secrets = await this.toDebug(context, replies);
    let at = 0;
    return items.map((item) => {
      if (item === undefined) return invalid(INVALID_JOB);
      if (!isKnown(item.job_status)) return invalid(`Invalid job status: ${item.job_status}`);
      const own = replies[at++];
      if (own === undefined) return failed('no answer');
      return 'problem' in own ? failed(own.problem) : commandEnvelope(own.command, isToDebug(own) ? secrets : {});
    });
  }

  /** What the pilots of jobs need besides their commands. */
  private toDebug(context: MessageContext, replies: readonly BulkReportReply[]): Promise<object> | object {
    return replies.some(isToDebug) ? this.secrets.member(context) : {};
  }
}
