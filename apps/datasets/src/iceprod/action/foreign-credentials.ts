import type { DatabaseSync } from 'node:sqlite';
import type { Environment } from '#platform/environment.js';
import type { Bus } from '#bus/bus.js';
import type { MessageContext } from '#bus/contract.js';
import { isPrivileged } from '#contracts/access.js';
import { DeleteCredentials } from '#contracts/iceprod/credentials.js';
import { AccessRules } from '#event-sourcing/access-rules.js';
import { Configs } from '../config/config-projection.js';
import { Datasets } from '../dataset/datasets.js';
import { CredentialAccounts } from './credential-accounts.js';

/**
 * Whoever writes a config decides what its tasks do, and must not do it with tokens of somebody else. An edit by `/actions/edit_config`
 * makes new credentials; a config that is just put makes none, so those of others go.
 */
export class ForeignCredentials {
  private readonly issuer: string | undefined;
  private readonly accounts: CredentialAccounts;
  private readonly configs: Configs;
  private readonly datasets: Datasets;

  constructor(
    queries: DatabaseSync,
    private readonly bus: Bus,
    environment: Environment,
  ) {
    this.issuer = environment.CREDENTIALS_ISSUER_URL;
    this.accounts = new CredentialAccounts(environment);
    this.configs = new Configs(queries);
    this.datasets = new Datasets(queries, new AccessRules(queries, 'iceprod'));
  }

  /** Deletes the credentials of a dataset that were made for a user whom the caller may not act for. */
  async delete(datasetId: string, { correlationId, deadlineMs, dialect, caller }: MessageContext): Promise<void> {
    const { issuer: url } = this;
    if (url === undefined || isPrivileged(caller)) return;
    const madeFor = this.configs.find(datasetId)?.origin.account;
    const dataset = this.datasets.dataset(datasetId);
    if (madeFor === undefined || dataset === undefined) return;
    if (this.accounts.of(dataset, caller).username === madeFor) return;
    const context = { correlationId, deadlineMs, dialect, caller: { ...caller, roles: ['system'] } };
    await this.bus.request(DeleteCredentials, { owner: { dataset_id: datasetId }, url }, context);
  }
}
