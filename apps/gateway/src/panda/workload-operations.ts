import { Injectable } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import type { Caller } from '#bus/contract.js';
import { isPrivileged } from '#contracts/access.js';
import { ListWorkloadUnits, UNITS_LIMIT_MAX, type WorkloadHome } from '#contracts/workloads.js';
import type { TaskCommandName } from '#contracts/panda/events.js';
import { KillJobs } from '#contracts/panda/kill.js';
import { GetTaskOwner } from '#contracts/panda/ownership.js';
import type { Principal } from '#contracts/panda/principal.js';
import { CommandTask } from '#contracts/panda/task-commands.js';
import { DomainError } from '#platform/domain-error.js';
import { HttpError } from '../edge/request-error.js';
import { questionOf } from '../route/authorization.js';
import { stepOf } from '../route/message-context.js';
import { cannot, type OperationRequest, type WorkloadOperations } from '../route/workload-operations.js';
import { PandaAuthentication } from './principal/panda-authentication.js';

/** With this code production kills jobs of anybody (PanDA contract 4.2.8). */
const KILLED_BY_PRODUCTION = 91;

const ACTIVE = ['held', 'ready', 'claimed', 'running'] as const;

/** Cairn's administrators, and its system, are production. */
const production = ({ username }: Caller): Principal => ({
  ...{ dn: username, name: username, fqans: [], isProduction: true, isPilot: true },
  ...{ workingGroups: [], primaryWorkingGroup: null },
});

const denied = (message: string): DomainError => new DomainError('forbidden', 'panda.denied', message);

/** Undefined for jobs that were submitted without a task. */
const taskOf = ({ id }: WorkloadHome): number | undefined => (/^\d+$/u.test(id) ? Number(id) : undefined);

/** Tasks are commanded as by PanDA's own functions: a command is registered, and carried out within a second. */
@Injectable()
export class PandaOperations implements WorkloadOperations {
  constructor(
    private readonly bus: Bus,
    private readonly authentication: PandaAuthentication,
  ) {}

  hold(request: OperationRequest): Promise<string> {
    return this.command(request, 'pause', 'production');
  }

  release(request: OperationRequest): Promise<string> {
    return this.command(request, 'resume', 'production');
  }

  retry(request: OperationRequest): Promise<string> {
    return this.command(request, 'retry', 'owner');
  }

  cancel(request: OperationRequest): Promise<string> {
    return taskOf(request.workload) === undefined ? this.killJobs(request) : this.command(request, 'kill', 'owner');
  }

  private async command(
    request: OperationRequest,
    name: TaskCommandName,
    who: 'owner' | 'production',
  ): Promise<string> {
    const task_id = taskOf(request.workload);
    if (task_id === undefined) throw cannot('PanDA can only cancel jobs that were submitted without a task');
    const principal = await this.authorized(request, task_id, who);
    const order = { task_id, command: name, options: {}, principal };
    const { code, message } = await this.bus.request(CommandTask, order, request.context);
    if (code !== 0) throw cannot(message);
    return message;
  }

  /** Commands are for production, some for the owner of the task as well (PanDA contract 6.10). */
  private async authorized(
    { context, authorization }: OperationRequest,
    task_id: number,
    who: 'owner' | 'production',
  ): Promise<Principal> {
    if (isPrivileged(context.caller)) return production(context.caller);
    const { name: owner, vo } = await this.bus.request(GetTaskOwner, { task_id }, questionOf(context));
    const asProduction = await this.principalIn(authorization, `${vo ?? ''}:production`);
    if (asProduction?.isProduction === true) return asProduction;
    const principal = who === 'owner' ? await this.principalIn(authorization, vo ?? '') : undefined;
    if (principal !== undefined && principal.name === owner) return principal;
    throw denied(who === 'owner' ? 'not the task owner or no production role' : 'production role required');
  }

  /** Whom the token stands for in a VO; undefined for nobody who may use it there. */
  private async principalIn(authorization: string, origin: string): Promise<Principal | undefined> {
    try {
      return await this.authentication.principalIn(authorization, origin);
    } catch (error) {
      if (error instanceof HttpError) return undefined;
      throw error;
    }
  }

  private async killJobs({ workload: { ref }, context }: OperationRequest): Promise<string> {
    if (!isPrivileged(context.caller)) throw denied('production role required');
    const principal = production(context.caller);
    let count = 0;
    for (let cursor: string | undefined, isLast = false; !isLast; isLast = cursor === undefined) {
      const of = { workload: ref, phases: ACTIVE, limit: UNITS_LIMIT_MAX, ...(cursor !== undefined && { cursor }) };
      const page = await this.bus.request(ListWorkloadUnits, of, questionOf(context));
      const job_ids = page.entries.map((entry) => Number((JSON.parse(entry) as { readonly unit_id: string }).unit_id));
      const order = { job_ids, code: KILLED_BY_PRODUCTION, principal, by: principal.dn };
      const { killed } = await this.bus.request(KillJobs, order, stepOf(context, cursor ?? 'first'));
      count += killed.filter(Boolean).length;
      cursor = page.next;
    }
    if (count === 0) throw cannot('There is no job left to kill');
    return `${count} jobs are killed, or told to end.`;
  }
}
