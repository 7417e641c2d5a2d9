import { Injectable } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import type { MessageContext } from '#bus/contract.js';
import { AcquireJobs, type AcquiredJob, type AcquireJobsRequest } from '#contracts/panda/pilot.js';
import type { Principal } from '#contracts/panda/principal.js';
import { GetSecretsOfOwner } from '#contracts/panda/secrets.js';
import { compactName } from '../principal/compact-name.js';
import { within } from '../protocol/time-limit.js';

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
  constructor(private readonly bus: Bus) {}

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
    const secrets = await this.secretsOf(context, reply.jobs);
    // No proxies are kept under keys: pilots get empty names, as they expect them.
    const key: Readonly<Record<string, string>> =
      hasRole && isTruthy(get_proxy_key) ? { credname: '', myproxy: '' } : {};
    return reply.jobs.map(({ document, secrets_of: owner }) => {
      const own = owner === undefined ? undefined : secrets.get(owner);
      return withMembers(document, { ...(own !== undefined && { secrets: own }), ...key });
    });
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
