import { Injectable } from '@nestjs/common';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import { Log } from '#platform/logging.js';
import type { MessageContext } from '#bus/contract.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { type Credential, exchanged, issuerOf, needsRefresh, refreshed } from './credential.js';
import { CredentialRecords } from './credential-projection.js';
import { CredentialStore, type Kept } from './credential-store.js';
import { TokenEndpoint } from './token-endpoint.js';

/** Requests to the issuer that run at once for one answer. */
const AT_ONCE_MAX = 8;
/** So long before the deadline of an answer no request to the issuer is started. */
const RESERVE_MS = 6_000;

/** A credential that could be decrypted. */
export type Readable = Required<Kept>;

const foreignIssuer = (): DomainError =>
  new DomainError('invalid', 'credential.foreign-issuer', 'the token is of an issuer that is not configured');

const isDue = ({ deadlineMs }: MessageContext): boolean => deadlineMs - Date.now() < RESERVE_MS;

/** Runs some at a time, in order. */
const inTurns = async <Entry, Result>(
  entries: readonly Entry[],
  work: (entry: Entry) => Promise<Result>,
): Promise<readonly Result[]> => {
  const results: Result[] = [];
  for (let at = 0; at < entries.length; at += AT_ONCE_MAX) {
    results.push(...(await Promise.all(entries.slice(at, at + AT_ONCE_MAX).map(work))));
  }
  return results;
};

/** When this process asked an issuer for new tokens; a restart forgets it. */
export interface RefreshTimes {
  readonly startMicros: number;
  /** `undefined` before the first attempt. */
  readonly lastAttemptMicros: number | undefined;
  /** `undefined` before the first success. */
  readonly lastSuccessMicros: number | undefined;
}

/** Gets usable tokens for stored credentials from their issuer. */
@Injectable()
export class CredentialUse {
  private readonly records: CredentialRecords;
  private readonly startMicros = nowMicros();
  private lastAttemptMicros: number | undefined;
  private lastSuccessMicros: number | undefined;

  constructor(
    private readonly store: CredentialStore,
    private readonly issuer: TokenEndpoint,
    private readonly log: Log,
    readModel: ReadModel,
  ) {
    this.records = new CredentialRecords(readModel.queries);
  }

  /** Refreshes expired tokens where that is possible in time, and records the use. */
  fresh(found: readonly Readable[], context: MessageContext): Promise<readonly Readable[]> {
    return inTurns(found, (each) => this.used(each, context));
  }

  /** Exchanges tokens for another client. Credentials that the issuer refuses, or does not answer in time, are left out. */
  async exchanged(
    found: readonly Readable[],
    client: { readonly id: string; readonly scope: string | undefined },
    context: MessageContext,
  ): Promise<readonly Readable[]> {
    const oauth = found.filter(({ credential }) => credential.type === 'oauth');
    const results = await inTurns(oauth, async (each): Promise<readonly Readable[]> => {
      const { record, credential } = await this.used(each, context);
      const { access_token: token } = credential;
      if (token === undefined || !this.issuer.serves(issuerOf(token), credential.url) || isDue(context)) return [];
      const tokens = await this.issuer.exchange(token, client.id, client.scope);
      if (tokens instanceof DomainError) {
        this.log.warn({ credentialId: record.credential_id }, 'a credential could not be exchanged');
        return [];
      }
      return [{ record, credential: exchanged(credential, tokens, client.scope) }];
    });
    return results.flat();
  }

  /** The credential with new tokens, obtained with its refresh token. */
  async refreshed(credential: Credential): Promise<Credential | DomainError> {
    const { access_token, refresh_token = '', scope, url } = credential;
    if (!this.issuer.serves(issuerOf(refresh_token) ?? issuerOf(access_token), url)) return foreignIssuer();
    this.lastAttemptMicros = nowMicros();
    const tokens = await this.issuer.refresh(refresh_token, scope);
    if (tokens instanceof DomainError) return tokens;
    this.lastSuccessMicros = nowMicros();
    return refreshed(credential, tokens);
  }

  refreshTimes(): RefreshTimes {
    const { startMicros, lastAttemptMicros, lastSuccessMicros } = this;
    return { startMicros, lastAttemptMicros, lastSuccessMicros };
  }

  private async used({ record, credential }: Readable, context: MessageContext): Promise<Readable> {
    if (credential.type !== 'oauth') return { record, credential };
    const { credential_id: id, owner } = record;
    const nowSeconds = Math.floor(Date.now() / 1000);
    let current = credential;
    if (needsRefresh(credential, nowSeconds) && !isDue(context)) {
      const outcome = await this.refreshed(credential);
      if (outcome instanceof DomainError) {
        this.log.warn({ credentialId: id }, 'a credential could not be refreshed');
      } else current = outcome;
    }
    const marked = { ...current, last_use: nowSeconds };
    await this.store.put(id, owner, marked);
    // The owner may have been deleted meanwhile: then nobody else removes what was just stored.
    if (this.records.ended(id)) await this.store.forget([id]);
    return { record, credential: marked };
  }
}
