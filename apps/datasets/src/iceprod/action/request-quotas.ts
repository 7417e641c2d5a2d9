import type { DatabaseSync } from 'node:sqlite';
import type { DomainError } from '#platform/domain-error.js';
import type { Environment } from '#platform/environment.js';
import type { Caller } from '#bus/contract.js';
import { isPrivileged } from '#contracts/access.js';
import type { Action } from '#contracts/iceprod/actions.js';
import { QuotaLimits } from '../../quota/quota-limits.js';
import { DatasetQuotas } from '../dataset/dataset-usage.js';
import type { Arguments } from './arguments.js';
import type { Requests } from './request-projection.js';

/** Judges new requests by the quotas of their makers; read through one connection: `writer` to decide. */
export class RequestQuotas {
  private readonly limits: QuotaLimits;
  private readonly datasets: DatasetQuotas;

  constructor(
    database: DatabaseSync,
    private readonly requests: Requests,
    environment: Environment,
  ) {
    this.limits = new QuotaLimits(environment);
    this.datasets = new DatasetQuotas(database, environment);
  }

  /** Undefined when the caller may; admins and services always may. */
  refusal(caller: Caller, action: Action, values: Arguments, timeMicros: number): DomainError | undefined {
    if (isPrivileged(caller)) return undefined;
    const { username } = caller;
    return (
      this.limits.refusal({ user: username }, { requests: this.requests.openOf(username) }, { requests: 1 }) ??
      (action === 'submit' ? this.submissionRefusal(caller, values, timeMicros) : undefined)
    );
  }

  /** The submission itself is judged when its dataset is made; nobody should have to wait to learn what is known already. */
  private submissionRefusal(caller: Caller, values: Arguments, timeMicros: number): DomainError | undefined {
    const jobs = Number(values['jobs_submitted']);
    // A job has a task at least.
    const counts = { datasets: 1, jobs, tasks: jobs };
    const today = { datasets_per_day: 1, jobs_per_day: jobs, tasks_per_day: jobs };
    const owners = { username: caller.username, group: String(values['group']) };
    return this.datasets.refusal(caller, owners, { ...counts, ...today }, timeMicros);
  }
}
