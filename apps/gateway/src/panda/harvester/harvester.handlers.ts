import { Injectable } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import { Bus } from '#bus/bus.js';
import {
  AcknowledgeHarvesterCommands,
  AcquireHarvesterCommands,
  AddHarvesterDialogs,
  AddServiceMetrics,
  GetCurrentWorkerId,
  GetWorkerStatistics,
  RecordHarvesterHeartbeat,
  ReportWorkerStatistics,
  SetTargetSlots,
  SweepWorkers,
  UpdateWorkers,
} from '#contracts/panda/harvester.js';
import { principalOf } from '../protocol/caller.js';
import { type CallOf, type Envelope, failure, type Handlers, RawJson, success } from '../protocol/function.js';
import { within } from '../protocol/time-limit.js';
import { expirationMicros } from './expiration.js';
import type { harvesterFunctions } from './harvester.functions.js';

type Functions = typeof harvesterFunctions;
type Call<Name extends keyof Functions> = CallOf<Functions[Name]>;

const TIME_OUT = failure('TimeOut');

const listOrAll = (texts: readonly string[]): readonly string[] | 'ALL' =>
  texts.length === 1 && texts[0] === 'ALL' ? 'ALL' : texts;

/** The functions of `harvester` (PanDA contract 6.4). */
@Injectable()
export class HarvesterHandlers implements Handlers<Functions> {
  constructor(private readonly bus: Bus) {}

  async update_workers({ parameters, context }: Call<'update_workers'>): Promise<Envelope> {
    const { stored } = await this.bus.request(UpdateWorkers, parameters, context);
    return success(stored);
  }

  async update_service_metrics({ parameters, context }: Call<'update_service_metrics'>): Promise<Envelope> {
    await this.bus.request(AddServiceMetrics, parameters, context);
    return success([true]);
  }

  async add_dialogs({ parameters, context }: Call<'add_dialogs'>): Promise<Envelope> {
    await this.bus.request(AddHarvesterDialogs, parameters, context);
    return success();
  }

  async heartbeat(call: Call<'heartbeat'>): Promise<Envelope> {
    const { harvester_id, data } = call.parameters;
    const heartbeat = { harvester_id, owner: principalOf(call).dn, host: call.request.remoteAddress, data: data ?? {} };
    await this.bus.request(RecordHarvesterHeartbeat, heartbeat, call.context);
    return success();
  }

  async get_current_worker_id({ parameters, context }: Call<'get_current_worker_id'>): Promise<Envelope> {
    const { worker_id: id } = await this.bus.request(GetCurrentWorkerId, parameters, context);
    return success(id);
  }

  async get_worker_statistics({ context }: Call<'get_worker_statistics'>): Promise<Envelope> {
    const { document } = await this.bus.request(GetWorkerStatistics, {}, context);
    return success(new RawJson(document));
  }

  async report_worker_statistics({ parameters, context }: Call<'report_worker_statistics'>): Promise<Envelope> {
    const { harvester_id, panda_queue: queue, statistics } = parameters;
    await this.bus.request(ReportWorkerStatistics, { harvester_id, queue, statistics }, context);
    return success(null, 'OK');
  }

  async acquire_commands({ parameters, context }: Call<'acquire_commands'>): Promise<Envelope> {
    const { harvester_id, n_commands: count, timeout } = parameters;
    const reply = await within(context, timeout, (limited) =>
      this.bus.request(AcquireHarvesterCommands, { harvester_id, count }, limited),
    );
    return reply === undefined ? TIME_OUT : success(new RawJson(reply.document));
  }

  async acknowledge_commands({ parameters, context }: Call<'acknowledge_commands'>): Promise<Envelope> {
    const { command_ids, timeout } = parameters;
    const reply = await within(context, timeout, (limited) =>
      this.bus.request(AcknowledgeHarvesterCommands, { command_ids }, limited),
    );
    return reply === undefined ? TIME_OUT : success();
  }

  async add_sweep_command({ parameters, context }: Call<'add_sweep_command'>): Promise<Envelope> {
    const sweep = {
      queue: parameters.panda_queue,
      statuses: listOrAll(parameters.status_list),
      computing_elements: listOrAll(parameters.ce_list),
      submission_hosts: listOrAll(parameters.submission_host_list),
    };
    await this.bus.request(SweepWorkers, sweep, context);
    return success();
  }

  async add_target_slots({ parameters, context }: Call<'add_target_slots'>): Promise<Envelope> {
    const { panda_queue: queue, slots, global_share: share, resource_type, expiration_date: date } = parameters;
    const expires = date === null ? null : expirationMicros(date, nowMicros());
    if (expires === undefined) return failure(`expiration_date is neither a number of days nor a time: ${date ?? ''}`);
    await this.bus.request(SetTargetSlots, { queue, slots, share, resource_type, expires_micros: expires }, context);
    const of = `gshare=${share ?? 'None'} resource=${resource_type ?? 'None'}`;
    return success(null, `set numSlots=${String(slots)} for PQ=${queue} ${of}`);
  }
}
