import { Controller, type OnModuleInit } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { formatTimestamp, nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message, MessageContext } from '#bus/contract.js';
import { type CredentialEvents, credentialStream } from '#contracts/credential-events.js';
import {
  type CredentialFields,
  type CredentialFilters,
  type CredentialOwner,
  ownerKey,
} from '#contracts/credentials.js';
import {
  AmendCredential,
  CreateCredential,
  type CreateCredentialRequest,
  type CredentialHealth,
  DeleteCredentials,
  ExchangeCredentials,
  GetCredentialHealth,
  type IceprodCredentialOwner,
  ListCredentials,
  mayUseCredentials,
  StoreCredential,
} from '#contracts/iceprod/credentials.js';
import { newId } from '#contracts/ids.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { refused } from '../../refused.js';
import { isTooLarge } from '../../too-large.js';
import { amended, type Credential, credentialOf, exchanged, isSame, matches } from '../../credential/credential.js';
import { CredentialRecords } from '../../credential/credential-projection.js';
import { CredentialStore, type Kept } from '../../credential/credential-store.js';
import { CredentialUse, type Readable } from '../../credential/credential-use.js';
import { deletionOf } from '../../credential/credentials-of-owner.js';
import { ownerMembers, ownerOf } from './owner.js';
import { KeyedLocks } from '../../credential/keyed-locks.js';
import { TokenEndpoint } from '../../credential/token-endpoint.js';

/** Credentials of one owner. */
const CREDENTIALS_MAX = 200;

type OfOwner = { readonly owner: IceprodCredentialOwner };
type Stored = { readonly credential_id: string };

const unauthorized = (): DomainError => new DomainError('forbidden', 'credential.owner', 'unauthorized');
const notFound = (): DomainError => new DomainError('not-found', 'credential.not-found', 'credential not found');
const conflict = (): DomainError => new DomainError('conflict', 'credential.exists', 'duplicate credential');
const invalid = (code: string, message: string): DomainError => new DomainError('invalid', code, message);
const tooLarge = (): DomainError => invalid('credential.too-large', 'credential too large');

const isReadable = (kept: Kept): kept is Readable => kept.credential !== undefined;

/** A dataset and its tasks are shown together, so they change together. */
const lockOf = (owner: CredentialOwner): string =>
  ownerKey('dialect' in owner ? { dialect: owner.dialect, workload_id: owner.workload_id } : owner);

/** A credential that cannot be decrypted is recognized by its URL only. */
const isMeant = ({ record, credential }: Kept, filters: CredentialFilters): boolean =>
  credential === undefined ? filters.url === undefined || filters.url === record.url : matches(credential, filters);

const timeText = (micros: number | undefined): string => (micros === undefined ? '' : formatTimestamp(micros));

const arrayOf = (shown: readonly Readable[]): string =>
  JSON.stringify(shown.map(({ record, credential }) => ({ ...ownerMembers(record.owner), ...credential })));

/** Messages about credentials (IceProd contract 19). Secrets go encrypted into the key-value store and nowhere else. */
@Controller()
export class CredentialController implements OnModuleInit {
  private readonly records: CredentialRecords;
  private readonly locks = new KeyedLocks();

  constructor(
    private readonly mailbox: Mailbox,
    private readonly readModel: ReadModel,
    private readonly store: CredentialStore,
    private readonly use: CredentialUse,
    private readonly issuer: TokenEndpoint,
  ) {
    this.records = new CredentialRecords(readModel.queries);
  }

  async onModuleInit(): Promise<void> {
    await this.readModel.caughtUp();
    await this.store.tidy(this.records);
  }

  @MessagePattern(StoreCredential.subject)
  keep({ context, request }: Message<OfOwner & CredentialFields>): Promise<Answer<Stored>> {
    const { owner: named, ...fields } = request;
    return this.exclusively<Stored>(named, context, async (owner) => {
      const timeMicros = nowMicros();
      const described = credentialOf(fields, Math.floor(timeMicros / 1_000_000));
      if (described instanceof DomainError) return refused(described);
      if (isTooLarge(owner, described)) return refused(tooLarge());
      const hasToken = described.type !== 'oauth' || described.access_token !== undefined;
      const credential = hasToken ? described : await this.use.refreshed(described);
      if (credential instanceof DomainError) return refused(credential);
      const kept = await this.store.read(this.records.of(owner));
      const replaced = kept.filter((each) =>
        isReadable(each) ? isSame(each.credential, credential) : each.record.url === credential.url,
      );
      if (kept.length - replaced.length >= CREDENTIALS_MAX) {
        return refused(invalid('credential.too-many', 'too many credentials'));
      }
      return this.replace(context, timeMicros, owner, credential, replaced);
    });
  }

  @MessagePattern(AmendCredential.subject)
  amend({ context, request }: Message<OfOwner & CredentialFields>): Promise<Answer<Stored>> {
    const { owner: named, ...fields } = request;
    return this.exclusively<Stored>(named, context, async (owner) => {
      const all = (await this.store.read(this.records.of(owner))).filter(isReadable);
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
    const { owner: named, ...filters } = request;
    return this.exclusively<{ deleted: number }>(named, context, async (owner) => {
      const kept = await this.store.read(this.records.of(owner));
      const records = kept.filter((each) => isMeant(each, filters)).map(({ record }) => record);
      const answer = await this.mailbox.execute<{ deleted: number }>({
        context,
        timeMicros: nowMicros(),
        decide: () => ({ events: records.map(deletionOf), reply: { deleted: records.length } }),
      });
      if (!('error' in answer)) await this.store.forget(records.map(({ credential_id }) => credential_id));
      return answer;
    });
  }

  @MessagePattern(ListCredentials.subject)
  list({
    context,
    request,
  }: Message<OfOwner & CredentialFilters & { norefresh: boolean }>): Promise<Answer<{ document: string }>> {
    const { owner: named, norefresh, ...filters } = request;
    return this.exclusively<{ document: string }>(named, context, async (owner) => {
      const found = await this.find(owner, filters);
      const shown = norefresh ? found : await this.use.fresh(found, context);
      return { reply: { document: arrayOf(shown) } };
    });
  }

  @MessagePattern(GetCredentialHealth.subject)
  health(): Answer<CredentialHealth> {
    const { startMicros, lastAttemptMicros, lastSuccessMicros } = this.use.refreshTimes();
    return {
      reply: {
        start_time: timeText(startMicros),
        last_run_time: timeText(lastAttemptMicros),
        last_success_time: timeText(lastSuccessMicros),
      },
    };
  }

  @MessagePattern(ExchangeCredentials.subject)
  exchange({
    context,
    request,
  }: Message<OfOwner & CredentialFilters & { client_id: string; new_scope?: string }>): Promise<
    Answer<{ document: string }>
  > {
    const { owner: named, client_id, new_scope, ...filters } = request;
    return this.exclusively<{ document: string }>(named, context, async (owner) => {
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

  /** Does something with the credentials of an owner that the caller may use, and locks them meanwhile. */
  private async exclusively<Reply>(
    named: IceprodCredentialOwner,
    { caller }: MessageContext,
    work: (owner: CredentialOwner) => Promise<Answer<Reply>>,
  ): Promise<Answer<Reply>> {
    if (!mayUseCredentials(caller, named)) return refused(unauthorized());
    const owner = ownerOf(named);
    return this.locks.run(lockOf(owner), () => work(owner));
  }

  /** Those that open, in the order of their first storing; a dataset's with those of its tasks. */
  private async find(owner: CredentialOwner, filters: CredentialFilters): Promise<readonly Readable[]> {
    const own = this.records.of(owner);
    const isWorkload = 'dialect' in owner && owner.unit_name === undefined;
    const ofTasks = isWorkload ? this.records.ofUnits(owner.dialect, owner.workload_id) : [];
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
    const replaces = replaced.map(({ record }) => record.credential_id);
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
      // When nobody knows whether it was recorded, it stays: encrypted, and shown only if it was.
      if (answer.error.kind !== 'unavailable') await this.store.forget([credential_id]);
    } else await this.store.forget(answer.reply.credential_id === credential_id ? replaces : [credential_id]);
    return answer;
  }
}
