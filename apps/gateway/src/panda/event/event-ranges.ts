import { Injectable } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import type { MessageContext } from '#bus/contract.js';
import {
  AcquireRanges,
  type AcquireRangesRequest,
  CountReadyRanges,
  GetRangeStatuses,
  ReportRanges,
  type RangesOfJobRequest,
  type RangeStatusesRequest,
  REPORT_VERSIONS,
  type ReportRangesReply,
} from '#contracts/panda/ranges.js';
import { isObject } from '#platform/json-object.js';
import { RawJson } from '../protocol/function.js';
import { literalIn } from '../protocol/python-literal.js';
import { within } from '../protocol/time-limit.js';
import { wholeIn } from '../protocol/values.js';

/** Why a call has no answer: the texts of contract 1.9. */
export type Refusal = 'TimeOut' | 'failed to load JSON';

/** What is said of a range that was never cut (contract 6.2). */
export const UNKNOWN_RANGE = 'database error in the PanDA server';

/** Jobs of one question. */
const PAIRS_MAX = 10_000;

/** One range, as `update_single_event_range` names its fields. */
export interface SingleReport {
  readonly eventRangeID: string;
  readonly eventStatus: string;
  readonly coreCount: number | null;
  readonly cpuConsumptionTime: number | null;
  readonly objstoreID: number | null;
}

/** What the functions of module `event` ask of the service, in the terms of both APIs. */
@Injectable()
export class EventRanges {
  constructor(private readonly bus: Bus) {}

  async count(context: MessageContext, seconds: unknown, request: RangesOfJobRequest): Promise<number | Refusal> {
    const reply = await within(context, seconds, (limited) => this.bus.request(CountReadyRanges, request, limited));
    return reply === undefined ? 'TimeOut' : reply.count;
  }

  async acquire(context: MessageContext, seconds: unknown, request: AcquireRangesRequest): Promise<RawJson | Refusal> {
    const reply = await within(context, seconds, (limited) => this.bus.request(AcquireRanges, request, limited));
    return reply === undefined ? 'TimeOut' : new RawJson(reply.ranges);
  }

  /** @param elements JSON text of a list */
  async report(
    context: MessageContext,
    seconds: unknown,
    elements: string,
    version: number,
  ): Promise<ReportRangesReply | Refusal> {
    const known = REPORT_VERSIONS.find((one) => one === version) ?? 0;
    const request = { elements, version: known };
    const reply = await within(context, seconds, (limited) => this.bus.request(ReportRanges, request, limited));
    return reply ?? 'TimeOut';
  }

  reportOne(context: MessageContext, seconds: unknown, report: SingleReport): Promise<ReportRangesReply | Refusal> {
    return this.report(context, seconds, JSON.stringify([report]), 0);
  }

  /** @param pairs a JSON text or a literal of Python: a list of pairs, or one pair */
  async statuses(context: MessageContext, pairs: string): Promise<RawJson | Refusal> {
    const jobs = jobsIn(literalIn(pairs));
    if (jobs === undefined || jobs.length > PAIRS_MAX) return 'failed to load JSON';
    const { statuses } = await this.bus.request(GetRangeStatuses, { jobs }, context);
    return new RawJson(statuses);
  }
}

/** Pairs of task and job; the job has two names (D18). Undefined when some are none. */
const jobsIn = (value: unknown): RangeStatusesRequest['jobs'] | undefined => {
  const pairs: readonly unknown[] = Array.isArray(value) ? value : [value];
  const jobs = pairs.flatMap((pair) => {
    if (!isObject(pair)) return [];
    const [taskId, pandaId] = [wholeIn(pair['task_id']), wholeIn(pair['job_id'] ?? pair['panda_id'])];
    return taskId === undefined || pandaId === undefined ? [] : [{ task_id: taskId, panda_id: pandaId }];
  });
  return jobs.length === pairs.length ? jobs : undefined;
};
