import type { Environment } from '#platform/environment.js';
import { RecentMap } from '#platform/recent-map.js';
import type { CredentialFields } from '#contracts/credentials.js';
import {
  CreateCredential,
  DeleteCredentials,
  ListCredentials,
  StoreCredential,
} from '#contracts/iceprod/credentials.js';
import type { ConfigPool } from '../config/config-pool.js';
import type { Dataset } from '../dataset/dataset.js';
import { type CredentialAccount, CredentialAccounts } from './credential-accounts.js';
import type { Operation } from './operation.js';
import { joined, type Needs, scopeWords } from './token-scopes.js';

/** Requests whose credentials are held while they wait. */
const REQUESTS_MAX = 2000;
/** A credential whose token ends sooner is made anew: the request may have waited for long. */
const FRESH_SECONDS = 60;

const isFresh = ({ expiration = 0 }: CredentialFields): boolean => expiration > Date.now() / 1000 + FRESH_SECONDS;

const isSame = (one: Needs, other: Needs): boolean =>
  one.size === other.size && [...one].every(([place, scope]) => other.get(place) === scope);

/**
 * OAuth credentials that the tasks of datasets need at the places of `TOKEN_SCOPE_PREFIXES` (IceProd contract 16): one per
 * dataset and place, of the issuer that makes them. Without an issuer nothing is made. What is secret stays in memory, and
 * only while its request waits: no step that holds a token has a name, for the replies of named steps are kept.
 */
export class DatasetCredentials {
  private readonly issuer: string | undefined;
  private readonly places: readonly string[];
  private readonly accounts: CredentialAccounts;
  /** By request, then by place and scope: another attempt asks the issuer for nothing that it has made already. */
  private readonly made = new RecentMap<Map<string, CredentialFields>>(REQUESTS_MAX);

  constructor(
    environment: Environment,
    private readonly configs: ConfigPool,
  ) {
    this.issuer = environment.CREDENTIALS_ISSUER_URL;
    this.places = environment.TOKEN_SCOPE_PREFIXES;
    this.accounts = new CredentialAccounts(environment);
  }

  /** Whose credentials a dataset gets when the request is carried out; undefined when none are made. */
  accountFor({ requester }: Operation, dataset: Pick<Dataset, 'username' | 'group'>): CredentialAccount | undefined {
    return this.issuer === undefined ? undefined : this.accounts.of(dataset, requester);
  }

  /**
   * Has credentials made for all that a config needs; they are not stored yet.
   *
   * @throws DomainError when a scope is beyond those of the account's group, and with the issuer's words when it refuses
   */
  async make(
    operation: Operation,
    config: string,
    account: CredentialAccount | undefined,
  ): Promise<readonly CredentialFields[]> {
    const { issuer: url } = this;
    if (url === undefined || account === undefined) return [];
    const { username } = account;
    const needs = await this.configs.run('needs', config, this.places);
    for (const scope of needs.values()) this.accounts.checkScope(account, scope);
    const before = this.madeFor(operation);
    const made: CredentialFields[] = [];
    for (const [place, scope] of needs) {
      const key = JSON.stringify([username, place, scope]);
      let credential = before.get(key);
      if (credential === undefined || !isFresh(credential)) {
        const request = { username, scope, url, transfer_prefix: place };
        credential = JSON.parse((await operation.call(CreateCredential, request)).document) as CredentialFields;
        before.set(key, credential);
      }
      made.push(credential);
    }
    return made;
  }

  /** The request is finished. */
  forget(requestId: string): void {
    this.made.delete(requestId);
  }

  async store(operation: Operation, datasetId: string, credentials: readonly CredentialFields[]): Promise<void> {
    for (const fields of credentials)
      await operation.call(StoreCredential, { owner: { dataset_id: datasetId }, ...fields });
  }

  /** Whether a dataset has other credentials than a config needs. */
  async differ(operation: Operation, datasetId: string, config: string): Promise<boolean> {
    const { issuer: url } = this;
    if (url === undefined) return false;
    const request = { owner: { dataset_id: datasetId }, url, norefresh: true };
    const { document } = await operation.call(ListCredentials, request);
    const own = (JSON.parse(document) as readonly Stored[]).filter(({ task_name: task }) => task === undefined);
    const there = own.map(({ transfer_prefix: place, scope = '' }) => [place, joined(scopeWords(scope))] as const);
    return !isSame(new Map(there), await this.configs.run('needs', config, this.places));
  }

  /** Puts credentials in the place of those that a dataset has of the issuer. */
  async replace(operation: Operation, datasetId: string, credentials: readonly CredentialFields[]): Promise<void> {
    if (this.issuer === undefined) return;
    await operation.call(DeleteCredentials, { owner: { dataset_id: datasetId }, url: this.issuer });
    await this.store(operation, datasetId, credentials);
  }

  private madeFor({ request: { id } }: Operation): Map<string, CredentialFields> {
    const made = this.made.get(id) ?? new Map<string, CredentialFields>();
    this.made.set(id, made);
    return made;
  }
}

interface Stored {
  readonly transfer_prefix: string;
  readonly scope?: string;
  readonly task_name?: string;
}
