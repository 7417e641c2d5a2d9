import { Injectable } from '@nestjs/common';
import { isObject, listIn, valueIn } from '#platform/json-object.js';
import { Bus } from '#bus/bus.js';
import type { MessageContext } from '#bus/contract.js';
import {
  AcknowledgeHarvesterCommands,
  AcquireHarvesterCommands,
  AddHarvesterDialogs,
  AddServiceMetrics,
  GetCurrentWorkerId,
  GetWorkerStatistics,
  RecordHarvesterHeartbeat,
  ReportWorkerStatistics,
  UpdateWorkers,
} from '#contracts/panda/harvester.js';
import { principalOf } from '../protocol/caller.js';
import { type CallOf, type Handlers, type LegacyAnswer, RawJson } from '../protocol/function.js';
import { fields, json, tuple } from '../protocol/legacy-answers.js';
import { within } from '../protocol/time-limit.js';
import type { harvesterLegacy } from './harvester.legacy.js';

type Functions = typeof harvesterLegacy;
type Call<Name extends keyof Functions> = CallOf<Functions[Name]>;

const TIME_OUT = fields({ StatusCode: 10, errorDialog: 'TimeOut' });
const NO_JSON = 'failed to load JSON';

/** The job type of workers that are reported without one. */
const DEFAULT_JOB_TYPE = 'managed';

/** The functions of `harvester` as the legacy API has them (PanDA contract 12). */
@Injectable()
export class HarvesterLegacyHandlers implements Handlers<Functions> {
  constructor(private readonly bus: Bus) {}

  async getCommands({ parameters, context }: Call<'getCommands'>): Promise<LegacyAnswer> {
    const { harvester_id, n_commands: count, timeout } = parameters;
    const reply = await within(context, timeout, (limited) =>
      this.bus.request(AcquireHarvesterCommands, { harvester_id, count }, limited),
    );
    if (reply === undefined) return TIME_OUT;
    return fields({ StatusCode: 0, Returns: 0, Commands: new RawJson(reply.document) });
  }

  async ackCommands({ parameters, context }: Call<'ackCommands'>): Promise<LegacyAnswer> {
    const ids = listIn(parameters.command_ids);
    if (ids === undefined) return fields({ StatusCode: 30, errorDialog: NO_JSON });
    const command_ids = ids.map(Number).filter((id) => Number.isSafeInteger(id));
    const reply = await within(context, parameters.timeout, (limited) =>
      this.bus.request(AcknowledgeHarvesterCommands, { command_ids }, limited),
    );
    return reply === undefined ? TIME_OUT : fields({ StatusCode: 0, Returns: 0 });
  }

  async get_max_worker_id({ parameters, context }: Call<'get_max_worker_id'>): Promise<LegacyAnswer> {
    const { worker_id: id } = await this.bus.request(GetCurrentWorkerId, parameters, context);
    return json(id);
  }

  async updateWorkers({ parameters, context }: Call<'updateWorkers'>): Promise<LegacyAnswer> {
    const workers = listIn(parameters.workers);
    if (workers === undefined) return tuple(false, NO_JSON);
    const request = { harvester_id: parameters.harvesterID, workers };
    const { stored } = await this.bus.request(UpdateWorkers, request, context);
    return tuple(true, stored);
  }

  async updateServiceMetrics({ parameters, context }: Call<'updateServiceMetrics'>): Promise<LegacyAnswer> {
    const metrics = listIn(parameters.metrics);
    if (metrics === undefined) return tuple(false, NO_JSON);
    await this.bus.request(AddServiceMetrics, { harvester_id: parameters.harvesterID, metrics }, context);
    return tuple(true, [true]);
  }

  async addHarvesterDialogs({ parameters, context }: Call<'addHarvesterDialogs'>): Promise<LegacyAnswer> {
    const dialogs = listIn(parameters.dialogs);
    if (dialogs === undefined) return tuple(false, NO_JSON);
    await this.bus.request(AddHarvesterDialogs, { harvester_id: parameters.harvesterID, dialogs }, context);
    return tuple(true, '');
  }

  async harvesterIsAlive(call: Call<'harvesterIsAlive'>): Promise<LegacyAnswer> {
    const data = valueIn(call.parameters.data ?? '{}');
    if (data === undefined) return tuple(false, NO_JSON);
    const heartbeat = {
      harvester_id: call.parameters.harvesterID,
      owner: principalOf(call).dn,
      host: call.request.remoteAddress,
      data: isObject(data) ? data : {},
    };
    await this.bus.request(RecordHarvesterHeartbeat, heartbeat, call.context);
    return tuple(true, 'succeeded');
  }

  reportWorkerStats({ parameters, context }: Call<'reportWorkerStats'>): Promise<LegacyAnswer> {
    const counts = valueIn(parameters.paramsList);
    const statistics = isObject(counts) ? JSON.stringify({ [DEFAULT_JOB_TYPE]: counts }) : '';
    return this.count(parameters, statistics, context);
  }

  reportWorkerStats_jobtype({ parameters, context }: Call<'reportWorkerStats_jobtype'>): Promise<LegacyAnswer> {
    return this.count(parameters, parameters.paramsList, context);
  }

  async getWorkerStats({ context }: Call<'getWorkerStats'>): Promise<LegacyAnswer> {
    const { document } = await this.bus.request(GetWorkerStatistics, {}, context);
    return json(new RawJson(document));
  }

  private async count(
    { harvesterID: harvester_id, siteName: queue }: { readonly harvesterID: string; readonly siteName: string },
    statistics: string,
    context: MessageContext,
  ): Promise<LegacyAnswer> {
    await this.bus.request(ReportWorkerStatistics, { harvester_id, queue, statistics }, context);
    return tuple(true, 'OK');
  }
}
