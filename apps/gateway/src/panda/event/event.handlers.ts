import { Injectable } from '@nestjs/common';
import { Environment } from '#platform/environment.js';
import { type CallOf, type Envelope, failure, type Handlers, success } from '../protocol/function.js';
import { pythonJson } from '../protocol/values.js';
import { EventRanges, UNKNOWN_RANGE } from './event-ranges.js';
import type { eventFunctions } from './event.functions.js';

type Functions = typeof eventFunctions;

/** Event ranges (contract 5, 6.2). */
@Injectable()
export class EventHandlers implements Handlers<Functions> {
  constructor(
    private readonly ranges: EventRanges,
    private readonly environment: Environment,
  ) {}

  async get_available_event_range_count(call: CallOf<Functions['get_available_event_range_count']>): Promise<Envelope> {
    const { job_id, jobset_id, task_id, timeout } = call.parameters;
    const count = await this.ranges.count(call.context, timeout, { job_id, jobset_id, task_id });
    return typeof count === 'string' ? failure(count) : success(count);
  }

  async get_event_range_statuses(call: CallOf<Functions['get_event_range_statuses']>): Promise<Envelope> {
    const statuses = await this.ranges.statuses(call.context, call.parameters.job_task_ids);
    return typeof statuses === 'string' ? failure(statuses) : success(statuses);
  }

  async acquire_event_ranges(call: CallOf<Functions['acquire_event_ranges']>): Promise<Envelope> {
    const { timeout, task_id, segment_id, ...request } = call.parameters;
    const ranges = await this.ranges.acquire(call.context, timeout, {
      ...request,
      ...(task_id !== null && { task_id }),
      ...(segment_id !== null && { segment_id }),
    });
    if (typeof ranges === 'string') return failure(ranges);
    // Harvester needs the object, and the reference server answers the list (D5).
    return success(this.environment.PANDA_EVENT_RANGES === 'list' ? ranges : { StatusCode: 0, eventRanges: ranges });
  }

  async update_single_event_range(call: CallOf<Functions['update_single_event_range']>): Promise<Envelope> {
    const { parameters } = call;
    const reply = await this.ranges.reportOne(call.context, parameters.timeout, {
      eventRangeID: parameters.event_range_id,
      eventStatus: parameters.event_range_status,
      coreCount: parameters.core_count,
      cpuConsumptionTime: parameters.cpu_consumption_time,
      objstoreID: parameters.object_store_id,
    });
    if (typeof reply === 'string') return failure(reply);
    return reply.is_unknown === true ? failure(UNKNOWN_RANGE) : success({ Command: pythonJson(reply.commands) });
  }

  async update_event_ranges(call: CallOf<Functions['update_event_ranges']>): Promise<Envelope> {
    const { event_ranges, timeout, version } = call.parameters;
    const reply = await this.ranges.report(call.context, timeout, event_ranges, version);
    if (typeof reply === 'string') return failure(reply);
    const { returns, commands } = reply;
    return success({ StatusCode: 0, Returns: returns, Commands: commands, Command: pythonJson(commands) });
  }
}
