import { Controller, type OnModuleInit } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import { Log } from '#platform/logging.js';
import type { Answer, Message, MessageContext } from '#bus/contract.js';
import { type CredentialEvents, credentialStream } from '#contracts/credential-events.js';
import {
  AmendCredential,
  CreateCredential,
  type CreateCredentialRequest,
  type CredentialFields,
  type CredentialFilters,
  type CredentialOwner,
  DeleteCredentials,
  ExchangeCredentials,
  ListCredentials,
  mayUseCredentials,
  ownerKey,
  StoreCredential,
} from '#contracts/iceprod/credentials.js';
import { newId } from '#contracts/ids.js';
import { Mailbox } from '#projection/mailbox.js';
import { ReadModel } from '#projection/read-model.js';
import { isTooLarge, refused } from '../refused.js';
import {
  amended,
  type Credential,
  credentialOf,
  documentOf,
  exchanged,
  isSame,
  issuerOf,
  matches,
  needsRefresh,
  refreshed,
} from './credential.js';
import { CredentialFacts } from './credential-projection.js';
import { CredentialStore, type Kept } from './credential-store.js';
import { deletionOf } from './credentials-of-owner.js';
import { KeyedLocks } from './keyed-locks.js';
import { TokenEndpoint } from './token-endpoint.js';

/** Credentials of one owner. */
const CREDENTIALS_MAX = 200;
/** Requests to the issuer that one answer makes at once. */
const AT_ONCE_MAX = 8;
/** So long before an answer is due nothing new is asked of the issuer. */
const RESERVE_MS = 6_000;

type OfOwner = { readonly owner: CredentialOwner };
type Readable = Required<Kept>;
type Stored = { readonly credential_id: string };

const unauthorized = (): DomainError => new DomainError('forbidden', 'credential.owner', 'unauthorized');
const notFound = (): DomainError => new DomainError('not-found', 'credential.not-found', 'credential not found');
const conflict = (): DomainError => new DomainError('conflict', 'credential.exists', 'duplicate credential');
const invalid = (code: string, message: string): DomainError => new DomainError('invalid', code, message);
const foreignIssuer = (): DomainError =>
  invalid('credential.foreign-issuer', 'the token is of an issuer that is not configured');

const isReadable = (kept: Kept): kept is Readable => kept.credential !== undefined;

/** A dataset and its tasks are shown together, so they change together. */
const lockOf = (owner: CredentialOwner): string =>
  ownerKey('dataset_id' in owner ? { dataset_id: owner.dataset_id } : owner);

/** A credential that does not open can be told by its place only. */
const isMeant = ({ fact, credential }: Kept, filters: CredentialFilters): boolean =>
  credential === undefined ? filters.url === undefined || filters.url === fact.url : matches(credential, filters);

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

/** Messages about credentials. What is secret goes sealed into the keep and nowhere else. */
@Controller()
export class CredentialController implements OnModuleInit {
  private readonly facts: CredentialFacts;
  private readonly locks = new KeyedLocks();

  constructor(
    private readonly mailbox: Mailbox,
    private readonly readModel: ReadModel,
    private readonly store: CredentialStore,
    private readonly issuer: TokenEndpoint,
    private readonly log: Log,
  ) {
    this.facts = new CredentialFacts(readModel.queries);
  }

  async onModuleInit(): Promise<void> {
    await this.readModel.caughtUp();
    await this.store.tidy(this.facts);
  }

  @MessagePattern(StoreCredential.subject)
  async keep({ context, request }: Message<OfOwner & CredentialFields>): Promise<Answer<Stored>> {
    const { owner, ...fields } = request;
    if (!mayUseCredentials(context.caller, owner)) return refused(unauthorized());
    const timeMicros = nowMicros();
    const described = credentialOf(fields, Math.floor(timeMicros / 1_000_000));
    if (described instanceof DomainError) return refused(described);
    if (isTooLarge(owner, described)) return refused(invalid('credential.too-large', 'credential too large'));
    return this.locks.run(lockOf(owner), async () => {
      const hasToken = described.type !== 'oauth' || described.access_token !== undefined;
      const credential = hasToken ? described : await this.refresh(described);
      if (credential instanceof DomainError) return refused(credential);
      const kept = await this.store.read(this.facts.of(owner));
      const replaced = kept.filter((each) =>
        isReadable(each) ? isSame(each.credential, credential) : each.fact.url === credential.url,
      );
      if (kept.length - replaced.length >= CREDENTIALS_MAX) {
        return refused(invalid('credential.too-many', 'too many credentials'));
      }
      return this.replace(context, timeMicros, owner, credential, replaced);
    });
  }

  @MessagePattern(AmendCredential.subject)
  amend({ context, request }: Message<OfOwner & CredentialFields>): Promise<Answer<Stored>> {
    const { owner, ...fields } = request;
    return this.locks.run(lockOf(owner), async (): Promise<Answer<Stored>> => {
      if (!mayUseCredentials(context.caller, owner)) return refused(unauthorized());
      const all = (await this.store.read(this.facts.of(owner))).filter(isReadable);
      const selected = all.filter(
        ({ credential: { url, type, transfer_prefix } }) =>
          url === fields.url &&
          type === fields.type &&
          (!fields.transfer_prefix || transfer_prefix === fields.transfer_prefix),
      );
      const chosen = selected.find(({ credential }) => credential.scope === fields.scope) ?? selected[0];
      if (chosen === undefined) return refused(notFound());
      const credential = amended(chosen.credential, fields);
      if (all.some((other) => other !== chosen && isSame(other.credential, credential))) return refused(conflict());
      if (isTooLarge(owner, credential)) return refused(invalid('credential.too-large', 'credential too large'));
      return this.replace(context, nowMicros(), owner, credential, [chosen]);
    });
  }

  @MessagePattern(DeleteCredentials.subject)
  delete({ context, request }: Message<OfOwner & CredentialFilters>): Promise<Answer<{ deleted: number }>> {
    const { owner, ...filters } = request;
    return this.locks.run(lockOf(owner), async (): Promise<Answer<{ deleted: number }>> => {
      if (!mayUseCredentials(context.caller, owner)) return refused(unauthorized());
      const kept = await this.store.read(this.facts.of(owner));
      const facts = kept.filter((each) => isMeant(each, filters)).map(({ fact }) => fact);
      const answer = await this.mailbox.execute<{ deleted: number }>({
        context,
        timeMicros: nowMicros(),
        decide: () => ({ events: facts.map(deletionOf), reply: { deleted: facts.length } }),
      });
      if (!('error' in answer)) await this.store.forget(facts.map(({ credential_id }) => credential_id));
      return answer;
    });
  }

  @MessagePattern(ListCredentials.subject)
  list({
    context,
    request,
  }: Message<OfOwner & CredentialFilters & { norefresh: boolean }>): Promise<Answer<{ document: string }>> {
    const { owner, norefresh, ...filters } = request;
    return this.locks.run(lockOf(owner), async (): Promise<Answer<{ document: string }>> => {
      if (!mayUseCredentials(context.caller, owner)) return refused(unauthorized());
      const found = await this.find(owner, filters);
      const shown = norefresh ? found : await inTurns(found, (each) => this.used(each, context));
      return { reply: { document: arrayOf(shown) } };
    });
  }

  @MessagePattern(ExchangeCredentials.subject)
  exchange({
    context,
    request,
  }: Message<OfOwner & CredentialFilters & { client_id: string; new_scope?: string }>): Promise<
    Answer<{ document: string }>
  > {
    const { owner, client_id, new_scope, ...filters } = request;
    return this.locks.run(lockOf(owner), async (): Promise<Answer<{ document: string }>> => {
      if (!mayUseCredentials(context.caller, owner)) return refused(unauthorized());
      const found = (await this.find(owner, filters)).filter(({ credential }) => credential.type === 'oauth');
      const results = await inTurns(found, async (each): Promise<readonly Readable[]> => {
        const { fact, credential } = await this.used(each, context);
        const { access_token: token } = credential;
        if (token === undefined || !this.issuer.serves(issuerOf(token)) || isDue(context)) return [];
        const tokens = await this.issuer.exchange(token, client_id, new_scope);
        if (tokens instanceof DomainError) {
          this.log.warn({ credentialId: fact.credential_id }, 'a credential could not be exchanged');
          return [];
        }
        return [{ fact, credential: exchanged(credential, tokens, new_scope) }];
      });
      return { reply: { document: arrayOf(results.flat()) } };
    });
  }

  @MessagePattern(CreateCredential.subject)
  async create({
    context,
    request: { username, scope, url, transfer_prefix },
  }: Message<CreateCredentialRequest>): Promise<Answer<{ document: string }>> {
    if (!mayUseCredentials(context.caller, { username })) return refused(unauthorized());
    const tokens = await this.issuer.impersonate(username, scope);
    if (tokens instanceof DomainError) return refused(tokens);
    const credential = exchanged({ url, type: 'oauth', transfer_prefix }, tokens, scope);
    return { reply: { document: JSON.stringify(credential) } };
  }

  /** Those that open, in the order of storing; a dataset's with those of its tasks. */
  private async find(owner: CredentialOwner, filters: CredentialFilters): Promise<readonly Readable[]> {
    const own = this.facts.of(owner);
    const ofTasks = 'dataset_id' in owner && owner.task_name === undefined ? this.facts.ofTasks(owner.dataset_id) : [];
    const kept = await this.store.read([...own, ...ofTasks]);
    return kept.filter(isReadable).filter(({ credential }) => matches(credential, filters));
  }

  /** As somebody gets it who wants to use it: with a token that has not ended, if that can be had. */
  private async used({ fact, credential }: Readable, context: MessageContext): Promise<Readable> {
    if (credential.type !== 'oauth') return { fact, credential };
    const nowSeconds = Math.floor(Date.now() / 1000);
    let current = credential;
    if (needsRefresh(credential, nowSeconds) && !isDue(context)) {
      const outcome = await this.refresh(credential);
      if (outcome instanceof DomainError) {
        this.log.warn({ credentialId: fact.credential_id }, 'a credential could not be refreshed');
      } else current = outcome;
    }
    const marked = { ...current, last_use: nowSeconds };
    await this.store.put(fact.credential_id, fact.owner, marked);
    return { fact, credential: marked };
  }

  private async refresh(credential: Credential): Promise<Credential | DomainError> {
    const { access_token, refresh_token = '', scope } = credential;
    if (!this.issuer.serves(issuerOf(refresh_token) ?? issuerOf(access_token))) return foreignIssuer();
    const tokens = await this.issuer.refresh(refresh_token, scope);
    if (tokens instanceof DomainError) return tokens;
    return refreshed(credential, tokens);
  }

  /** Seals first, then records: what is recorded is there. */
  private async replace(
    context: MessageContext,
    timeMicros: number,
    owner: CredentialOwner,
    credential: Credential,
    replaced: readonly Kept[],
  ): Promise<Answer<Stored>> {
    const stream = credentialStream(owner);
    const credential_id = newId(stream, timeMicros);
    const replaces = replaced.map(({ fact }) => fact.credential_id);
    await this.store.put(credential_id, owner, credential);
    const { url, type } = credential;
    const data: CredentialEvents['CredentialStored'] = {
      credential_id,
      owner,
      url,
      type,
      key_id: this.store.keyId,
      replaces,
    };
    const answer = await this.mailbox.execute<Stored>({
      context,
      timeMicros,
      decide: () => ({ events: [{ stream, type: 'CredentialStored', data }], reply: { credential_id } }),
    });
    if ('error' in answer) {
      // When nobody knows whether it was recorded, it stays: sealed, and shown only if it was.
      if (answer.error.kind !== 'unavailable') await this.store.forget([credential_id]);
    } else await this.store.forget(answer.reply.credential_id === credential_id ? replaces : [credential_id]);
    return answer;
  }
}

const arrayOf = (shown: readonly Readable[]): string =>
  JSON.stringify(shown.map(({ fact, credential }) => documentOf(fact.owner, credential)));

const isDue = ({ deadlineMs }: MessageContext): boolean => deadlineMs - Date.now() < RESERVE_MS;
