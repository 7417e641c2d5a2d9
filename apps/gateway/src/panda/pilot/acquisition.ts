import { Injectable } from '@nestjs/common';
import { DomainError, refusalOf } from '#platform/domain-error.js';
import { Log } from '#platform/logging.js';
import { Bus } from '#bus/bus.js';
import type { MessageContext } from '#bus/contract.js';
import { RecordJobWorkers } from '#contracts/panda/harvester.js';
import { AcquireJobs, type AcquiredJob, type AcquireJobsRequest } from '#contracts/panda/pilot.js';
import type { Principal } from '#contracts/panda/principal.js';
import { GetSecretsOfOwner } from '#contracts/panda/secrets.js';
import { compactName } from '../principal/compact-name.js';
import { within } from '../protocol/time-limit.js';
import { PilotSecrets } from './pilot-secrets.js';

/** What a pilot sends, in the terms of the new API. */
export interface Offered extends Omit<AcquireJobsRequest, 'user'> {
  readonly prod_user_id: string | null;
  readonly get_proxy_key: unknown;
  readonly timeout: unknown;
}

/** Raw JSON of job dictionaries, at least one; or why there is none. */
export type Acquired = readonly string[] | 'no role' | 'no jobs' | 'late';

/** Hands jobs to pilots: the part of it that all services have a share in (PanDA contract 4.2.2). */
@Injectable()
export class Acquisition {
  constructor(
    private readonly bus: Bus,
    private readonly pilotSecrets: PilotSecrets,
    private readonly log: Log,
  ) {}

  async acquire(context: MessageContext, principal: Principal, offered: Offered): Promise<Acquired> {
    const { prod_user_id, get_proxy_key, timeout, ...asked } = offered;
    const hasRole = principal.isProduction || principal.isPilot;
    if (!hasRole && asked.prod_source_label !== 'user') return 'no role';
    const request: AcquireJobsRequest = {
      ...asked,
      harvester_id: asked.harvester_id ?? instanceOf(asked.scheduler_id),
      user: hasRole ? userOf(prod_user_id) : principal.name,
    };
    const reply = await within(context, timeout, (limited) => this.bus.request(AcquireJobs, request, limited));
    if (reply === undefined) return 'late';
    if (reply.jobs.length === 0) return 'no jobs';
    const [secrets, pilotSecrets] = await Promise.all([
      this.secretsOf(context, reply.jobs),
      // Users who run their own jobs are no pilots of the operator's.
      hasRole && reply.jobs.some(({ is_debugged }) => is_debugged) ? this.pilotSecrets.member(context) : {},
      this.recordWorker(context, request, reply.jobs),
    ]);
    // No proxies are kept under keys: pilots get empty names, as they expect them.
    const key: Readonly<Record<string, string>> =
      hasRole && isTruthy(get_proxy_key) ? { credname: '', myproxy: '' } : {};
    return reply.jobs.map(({ document, secrets_of: owner, is_debugged }) => {
      const own = owner === undefined ? undefined : secrets.get(owner);
      const more = { ...(own !== undefined && { secrets: own }), ...(is_debugged && pilotSecrets) };
      return withMembers(document, { ...more, ...key });
    });
  }

  /** The jobs are handed out whatever becomes of this: harvester tells of its workers again and again. */
  private async recordWorker(
    context: MessageContext,
    { harvester_id, worker_id }: AcquireJobsRequest,
    jobs: readonly AcquiredJob[],
  ): Promise<void> {
    if (harvester_id === null || worker_id === null) return;
    const panda_ids = jobs.map(({ panda_id }) => panda_id);
    const request = { harvester_id, worker_id, panda_ids };
    const answer = await refusalOf(this.bus.request(RecordJobWorkers, request, context));
    if (answer instanceof DomainError)
      this.log.warn({ error: answer, worker_id }, 'The worker of jobs is not recorded');
  }

  private async secretsOf(
    context: MessageContext,
    jobs: readonly AcquiredJob[],
  ): Promise<ReadonlyMap<string, string | undefined>> {
    const owners = new Set(jobs.flatMap(({ secrets_of: owner }) => owner ?? []));
    const found = await Promise.all(
      [...owners].map(async (owner) => {
        const { document } = await this.bus.request(GetSecretsOfOwner, { owner }, context);
        return [owner, document] as const;
      }),
    );
    return new Map(found);
  }
}

/** Harvester sends its instance with a prefix that names none (D30). */
const instanceOf = (schedulerId: string | null): string | null => schedulerId?.replace(/^harvester-/u, '') ?? null;

const userOf = (text: string | null): string | null => {
  if (text === null || text === '') return null;
  const name = compactName(text);
  return name === '' ? text : name;
};

const isTruthy = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== false && value !== 0 && value !== '' && value !== 'False';

/** A JSON object with further texts. */
const withMembers = (document: string, members: Readonly<Record<string, string>>): string => {
  const more = JSON.stringify(members);
  return more === '{}' ? document : `${document.slice(0, -1)},${more.slice(1)}`;
};
