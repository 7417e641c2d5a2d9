import { Controller, type OnModuleInit } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
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
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { refused } from '../refused.js';
import { isTooLarge } from '../too-large.js';
import { amended, type Credential, credentialOf, documentOf, exchanged, isSame, matches } from './credential.js';
import { CredentialFacts } from './credential-projection.js';
import { CredentialStore, type Kept } from './credential-store.js';
import { CredentialUse, type Readable } from './credential-use.js';
import { deletionOf } from './credentials-of-owner.js';
import { KeyedLocks } from './keyed-locks.js';
import { TokenEndpoint } from './token-endpoint.js';

/** Credentials of one owner. */
const CREDENTIALS_MAX = 200;

type OfOwner = { readonly owner: CredentialOwner };
type Stored = { readonly credential_id: string };

const unauthorized = (): DomainError => new DomainError('forbidden', 'credential.owner', 'unauthorized');
const notFound = (): DomainError => new DomainError('not-found', 'credential.not-found', 'credential not found');
const conflict = (): DomainError => new DomainError('conflict', 'credential.exists', 'duplicate credential');
const invalid = (code: string, message: string): DomainError => new DomainError('invalid', code, message);
const tooLarge = (): DomainError => invalid('credential.too-large', 'credential too large');

const isReadable = (kept: Kept): kept is Readable => kept.credential !== undefined;

/** A dataset and its tasks are shown together, so they change together. */
const lockOf = (owner: CredentialOwner): string =>
  ownerKey('dataset_id' in owner ? { dataset_id: owner.dataset_id } : owner);

/** A credential that does not open can be told by its place only. */
const isMeant = ({ fact, credential }: Kept, filters: CredentialFilters): boolean =>
  credential === undefined ? filters.url === undefined || filters.url === fact.url : matches(credential, filters);

const arrayOf = (shown: readonly Readable[]): string =>
  JSON.stringify(shown.map(({ fact, credential }) => documentOf(fact.owner, credential)));

/** Messages about credentials. What is secret goes sealed into the keep and nowhere else. */
@Controller()
export class CredentialController implements OnModuleInit {
  private readonly facts: CredentialFacts;
  private readonly locks = new KeyedLocks();

  constructor(
    private readonly mailbox: Mailbox,
    private readonly readModel: ReadModel,
    private readonly store: CredentialStore,
    private readonly use: CredentialUse,
    private readonly issuer: TokenEndpoint,
  ) {
    this.facts = new CredentialFacts(readModel.queries);
  }

  async onModuleInit(): Promise<void> {
    await this.readModel.caughtUp();
    await this.store.tidy(this.facts);
  }

  @MessagePattern(StoreCredential.subject)
  keep({ context, request }: Message<OfOwner & CredentialFields>): Promise<Answer<Stored>> {
    const { owner, ...fields } = request;
    return this.alone<Stored>(owner, context, async () => {
      const timeMicros = nowMicros();
      const described = credentialOf(fields, Math.floor(timeMicros / 1_000_000));
      if (described instanceof DomainError) return refused(described);
      if (isTooLarge(owner, described)) return refused(tooLarge());
      const hasToken = described.type !== 'oauth' || described.access_token !== undefined;
      const credential = hasToken ? described : await this.use.refreshed(described);
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
    return this.alone<Stored>(owner, context, async () => {
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
      if (isTooLarge(owner, credential)) return refused(tooLarge());
      return this.replace(context, nowMicros(), owner, credential, [chosen]);
    });
  }

  @MessagePattern(DeleteCredentials.subject)
  delete({ context, request }: Message<OfOwner & CredentialFilters>): Promise<Answer<{ deleted: number }>> {
    const { owner, ...filters } = request;
    return this.alone<{ deleted: number }>(owner, context, async () => {
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
    return this.alone<{ document: string }>(owner, context, async () => {
      const found = await this.find(owner, filters);
      const shown = norefresh ? found : await this.use.fresh(found, context);
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
    return this.alone<{ document: string }>(owner, context, async () => {
      const found = await this.find(owner, filters);
      const shown = await this.use.exchanged(found, { id: client_id, scope: new_scope }, context);
      return { reply: { document: arrayOf(shown) } };
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

  /** Does something with the credentials of an owner that the caller may use, while nobody else does. */
  private async alone<Reply>(
    owner: CredentialOwner,
    { caller }: MessageContext,
    work: () => Promise<Answer<Reply>>,
  ): Promise<Answer<Reply>> {
    return mayUseCredentials(caller, owner) ? this.locks.run(lockOf(owner), work) : refused(unauthorized());
  }

  /** Those that open, in the order of their first storing; a dataset's with those of its tasks. */
  private async find(owner: CredentialOwner, filters: CredentialFilters): Promise<readonly Readable[]> {
    const own = this.facts.of(owner);
    const ofTasks = 'dataset_id' in owner && owner.task_name === undefined ? this.facts.ofTasks(owner.dataset_id) : [];
    const kept = await this.store.read([...own, ...ofTasks]);
    return kept.filter(isReadable).filter(({ credential }) => matches(credential, filters));
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
