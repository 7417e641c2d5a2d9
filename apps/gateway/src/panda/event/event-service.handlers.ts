import { Injectable } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import { DisableCloning, EnableCloning, EnableJumbo } from '#contracts/panda/ranges.js';
import { principalOf } from '../protocol/caller.js';
import { type CallOf, type Envelope, failure, type Handlers, success } from '../protocol/function.js';
import type { eventServiceFunctions } from './event-service.functions.js';

type Functions = typeof eventServiceFunctions;

const NOT_FOUND = 'task not found';
const NOT_FOUND_CODE = 2;

/** Contract 5.4. */
const MODES = ['runonce', 'storeonce'] as const;
const [DEFAULT_MODE] = MODES;
const DEFAULT_COUNT = 2;

/** Switches job cloning and jumbo jobs of tasks (contract 5.4). */
@Injectable()
export class EventServiceHandlers implements Handlers<Functions> {
  constructor(private readonly bus: Bus) {}

  async enable_jumbo_jobs(call: CallOf<Functions['enable_jumbo_jobs']>): Promise<Envelope> {
    const { task_id, jumbo_jobs_total: total, jumbo_jobs_per_site } = call.parameters;
    const request = { task_id, total, per_site: jumbo_jobs_per_site ?? 0, principal: principalOf(call) };
    const { is_found: isFound } = await this.bus.request(EnableJumbo, request, call.context);
    return isFound ? success(0, 'done') : failure(NOT_FOUND, NOT_FOUND_CODE);
  }

  async enable_job_cloning(call: CallOf<Functions['enable_job_cloning']>): Promise<Envelope> {
    const { jedi_task_id: taskId, mode, multiplicity, num_sites: sites } = call.parameters;
    const known = MODES.find((name) => name === (mode ?? DEFAULT_MODE));
    if (known === undefined) return failure(`invalid job cloning mode: ${mode ?? ''}`);
    const counts = { multiplicity: multiplicity ?? DEFAULT_COUNT, sites: sites ?? DEFAULT_COUNT };
    const request = { task_id: taskId, mode: known, ...counts };
    const { is_found: isFound } = await this.bus.request(EnableCloning, request, call.context);
    return isFound ? success() : failure(NOT_FOUND);
  }

  async disable_job_cloning(call: CallOf<Functions['disable_job_cloning']>): Promise<Envelope> {
    const request = { task_id: call.parameters.jedi_task_id };
    const { is_found: isFound } = await this.bus.request(DisableCloning, request, call.context);
    return isFound ? success() : failure(NOT_FOUND);
  }
}
