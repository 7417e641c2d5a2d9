import { Injectable } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import type { MessageContext } from '#bus/contract.js';
import { RecordWorkerNode, RecordWorkerNodeGpu } from '#contracts/panda/harvester.js';
import {
  type CallOf,
  type Envelope,
  failure,
  type Handlers,
  type LegacyAnswer,
  success,
} from '../protocol/function.js';
import { fields } from '../protocol/legacy-answers.js';
import { within } from '../protocol/time-limit.js';
import { hostOf, normalizedCpu } from './node-name.js';
import { PilotReports } from './pilot-reports.js';
import type { workerFunctions, workerLegacy } from './worker.functions.js';

type Functions = typeof workerFunctions;
type Call<Name extends keyof Functions> = CallOf<Functions[Name]>;

const STATUS_FAILURES = {
  'wrong status': "Invalid worker state. The worker state has to be in ('started', 'finished')",
  'wrong worker': 'Failed to update worker status',
  late: 'Updating worker status timed out',
} as const;

const DEFAULT_TIMEOUT_SECONDS = 60;

/** Functions of `pilot` about workers and their nodes (PanDA contract 6.7). */
@Injectable()
export class WorkerHandlers implements Handlers<Functions> {
  constructor(
    private readonly bus: Bus,
    private readonly reports: PilotReports,
  ) {}

  async update_worker_status({ parameters, context }: Call<'update_worker_status'>): Promise<Envelope> {
    const timeout = parameters.timeout ?? DEFAULT_TIMEOUT_SECONDS;
    const outcome = await this.reports.record(context, { ...parameters, timeout });
    return outcome === 'stored' ? success() : failure(STATUS_FAILURES[outcome]);
  }

  update_worker_node({ parameters, context }: Call<'update_worker_node'>): Promise<Envelope> {
    return this.recordNode(context, parameters);
  }

  update_worker_node_gpu({ parameters, context }: Call<'update_worker_node_gpu'>): Promise<Envelope> {
    return this.recordGpu(context, parameters);
  }

  async recordNode(context: MessageContext, parameters: Call<'update_worker_node'>['parameters']): Promise<Envelope> {
    const { panda_queue: queue, timeout, ...described } = parameters;
    const node = {
      ...described,
      host_name: hostOf(described.host_name),
      cpu_model_normalized: normalizedCpu(described.cpu_model),
    };
    const reply = await within(context, timeout, (limited) =>
      this.bus.request(RecordWorkerNode, { node, queue }, limited),
    );
    return reply === undefined
      ? failure('Worker node update failed with Timed out')
      : success(null, 'Inserted new worker node.');
  }

  async recordGpu(
    context: MessageContext,
    parameters: Call<'update_worker_node_gpu'>['parameters'],
  ): Promise<Envelope> {
    const { timeout, ...described } = parameters;
    const gpu = { ...described, host_name: hostOf(described.host_name) };
    const reply = await within(context, timeout, (limited) => this.bus.request(RecordWorkerNodeGpu, { gpu }, limited));
    if (reply === undefined) return failure('Worker node GPU update failed with Timed out');
    return success(null, reply.was_known ? 'Updated existing worker node GPU.' : 'Inserted new worker node GPU.');
  }
}

/** Status words of contract 12. */
const LEGACY_CODES = { 'wrong status': 50, 'wrong worker': 30, late: 10 } as const;

/** The same as the legacy API has it (PanDA contract 12). */
@Injectable()
export class WorkerLegacyHandlers implements Handlers<typeof workerLegacy> {
  constructor(private readonly reports: PilotReports) {}

  async updateWorkerPilotStatus(call: CallOf<(typeof workerLegacy)['updateWorkerPilotStatus']>): Promise<LegacyAnswer> {
    const { workerID: worker_id, harvesterID: harvester_id, status, node_id, timeout } = call.parameters;
    const outcome = await this.reports.record(call.context, { worker_id, harvester_id, status, node_id, timeout });
    return fields(
      outcome === 'stored'
        ? { StatusCode: 0 }
        : { StatusCode: LEGACY_CODES[outcome], errorDialog: STATUS_FAILURES[outcome] },
    );
  }
}
