import { Injectable } from '@nestjs/common';
import type { CallOf, Handlers, LegacyAnswer } from '../protocol/function.js';
import { fields, json } from '../protocol/legacy-answers.js';
import { pythonJson } from '../protocol/values.js';
import { EventRanges, type Refusal, UNKNOWN_RANGE } from './event-ranges.js';
import type { eventLegacy } from './event.legacy.js';

type Functions = typeof eventLegacy;

/** Status words of contract 12. */
const STATUS_CODES: Readonly<Record<Refusal, number>> = { TimeOut: 10, 'failed to load JSON': 30 };
const FAILED = 30;

const done = (values: Readonly<Record<string, unknown>>): LegacyAnswer => fields({ StatusCode: 0, ...values });
const refused = (refusal: Refusal): LegacyAnswer => fields({ StatusCode: STATUS_CODES[refusal], errorDialog: refusal });

/** The functions of `event` as the legacy API has them (contract 12). */
@Injectable()
export class EventLegacyHandlers implements Handlers<Functions> {
  constructor(private readonly ranges: EventRanges) {}

  async getEventRanges(call: CallOf<Functions['getEventRanges']>): Promise<LegacyAnswer> {
    const { pandaID, jobsetID, taskID, nRanges, timeout, scattered, segment_id } = call.parameters;
    const ranges = await this.ranges.acquire(call.context, timeout, {
      ...{ job_id: pandaID, jobset_id: jobsetID, n_ranges: nRanges, scattered },
      ...(taskID !== null && { task_id: taskID }),
      ...(segment_id !== null && { segment_id }),
    });
    return typeof ranges === 'string' ? refused(ranges) : done({ eventRanges: ranges });
  }

  async updateEventRange(call: CallOf<Functions['updateEventRange']>): Promise<LegacyAnswer> {
    const { timeout, ...report } = call.parameters;
    const reply = await this.ranges.reportOne(call.context, timeout, report);
    if (typeof reply === 'string') return refused(reply);
    const failure = reply.is_unknown === true && { StatusCode: FAILED, errorDialog: UNKNOWN_RANGE };
    return done({ ...failure, Command: pythonJson(reply.commands) });
  }

  /** Of version 0 lists and objects are texts, whatever the client accepts. */
  async updateEventRanges(call: CallOf<Functions['updateEventRanges']>): Promise<LegacyAnswer> {
    const { eventRanges, timeout, version } = call.parameters;
    const reply = await this.ranges.report(call.context, timeout, eventRanges, version);
    if (typeof reply === 'string') return refused(reply);
    const { returns, commands } = reply;
    return version === 0
      ? done({ Returns: JSON.stringify(returns), Command: pythonJson(commands) })
      : done({ Returns: returns, Command: commands });
  }

  async checkEventsAvailability(call: CallOf<Functions['checkEventsAvailability']>): Promise<LegacyAnswer> {
    const { pandaID, jobsetID, taskID, timeout } = call.parameters;
    const count = await this.ranges.count(call.context, timeout, {
      ...{ job_id: pandaID, jobset_id: jobsetID, task_id: taskID },
    });
    return typeof count === 'string' ? refused(count) : done({ nEventRanges: count });
  }

  async get_events_status(call: CallOf<Functions['get_events_status']>): Promise<LegacyAnswer> {
    const statuses = await this.ranges.statuses(call.context, call.parameters.ids);
    return typeof statuses === 'string' ? refused(statuses) : json(statuses);
  }
}
