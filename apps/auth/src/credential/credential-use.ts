import { Injectable } from '@nestjs/common';
import { DomainError } from '#platform/domain-error.js';
import { Log } from '#platform/logging.js';
import type { MessageContext } from '#bus/contract.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { type Credential, exchanged, issuerOf, needsRefresh, refreshed } from './credential.js';
import { CredentialFacts } from './credential-projection.js';
import { CredentialStore, type Kept } from './credential-store.js';
import { TokenEndpoint } from './token-endpoint.js';

/** Requests to the issuer that one answer makes at once. */
const AT_ONCE_MAX = 8;
/** So long before an answer is due nothing new is asked of the issuer. */
const RESERVE_MS = 6_000;

/** A credential that opens. */
export type Readable = Required<Kept>;

const foreignIssuer = (): DomainError =>
  new DomainError('invalid', 'credential.foreign-issuer', 'the token is of an issuer that is not configured');

const isDue = ({ deadlineMs }: MessageContext): boolean => deadlineMs - Date.now() < RESERVE_MS;

/** Does some at a time; the order stays. */
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

/** Credentials as somebody gets them who wants to use them: with tokens that the issuer gives for what was stored. */
@Injectable()
export class CredentialUse {
  private readonly facts: CredentialFacts;

  constructor(
    private readonly store: CredentialStore,
    private readonly issuer: TokenEndpoint,
    private readonly log: Log,
    readModel: ReadModel,
  ) {
    this.facts = new CredentialFacts(readModel.queries);
  }

  /** With tokens that have not ended, where those can be had in time; the use is noted. */
  fresh(found: readonly Readable[], context: MessageContext): Promise<readonly Readable[]> {
    return inTurns(found, (each) => this.used(each, context));
  }

  /** With tokens for another client; those are left out that the issuer refuses, or cannot be asked about in time. */
  async exchanged(
    found: readonly Readable[],
    client: { readonly id: string; readonly scope: string | undefined },
    context: MessageContext,
  ): Promise<readonly Readable[]> {
    const oauth = found.filter(({ credential }) => credential.type === 'oauth');
    const results = await inTurns(oauth, async (each): Promise<readonly Readable[]> => {
      const { fact, credential } = await this.used(each, context);
      const { access_token: token } = credential;
      if (token === undefined || !this.issuer.serves(issuerOf(token)) || isDue(context)) return [];
      const tokens = await this.issuer.exchange(token, client.id, client.scope);
      if (tokens instanceof DomainError) {
        this.log.warn({ credentialId: fact.credential_id }, 'a credential could not be exchanged');
        return [];
      }
      return [{ fact, credential: exchanged(credential, tokens, client.scope) }];
    });
    return results.flat();
  }

  /** The credential with the tokens that its refresh token gets. */
  async refreshed(credential: Credential): Promise<Credential | DomainError> {
    const { access_token, refresh_token = '', scope } = credential;
    if (!this.issuer.serves(issuerOf(refresh_token) ?? issuerOf(access_token))) return foreignIssuer();
    const tokens = await this.issuer.refresh(refresh_token, scope);
    return tokens instanceof DomainError ? tokens : refreshed(credential, tokens);
  }

  private async used({ fact, credential }: Readable, context: MessageContext): Promise<Readable> {
    if (credential.type !== 'oauth') return { fact, credential };
    const { credential_id: id, owner } = fact;
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
    // Its owner may have been deleted meanwhile: then nobody else removes what was just sealed.
    if (this.facts.ended(id)) await this.store.forget([id]);
    return { fact, credential: marked };
  }
}
