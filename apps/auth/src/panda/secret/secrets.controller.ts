import { Controller, type OnModuleInit } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import { timeOrderedId } from '#platform/time-ordered-id.js';
import type { Answer, Message, Nothing } from '#bus/contract.js';
import {
  ChangeSecrets,
  type ChangeSecretsRequest,
  GetSecretsOfOwner,
  secretsStream,
  type UserSecretsEvents,
} from '#contracts/panda/secrets.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { KeyedLocks } from '../../credential/keyed-locks.js';
import { refused } from '../../refused.js';
import { changed, type Secrets, secretsText } from './change-secrets.js';
import { CurrentSecrets } from './secrets-projection.js';
import { SecretsStore } from './secrets-store.js';

/** All secrets of one owner. */
const SECRETS_BYTES_MAX = 1024 * 1024;

const tooLarge = (): DomainError =>
  new DomainError(
    'invalid',
    'panda.secrets-too-large',
    `secrets of one user may have ${String(SECRETS_BYTES_MAX)} bytes together`,
  );
const unreadable = (): DomainError =>
  new DomainError('unavailable', 'panda.secrets-sealed', 'the key of these secrets is missing');

type Changed = { readonly secrets_id: string | null };

/** Messages about secrets of users (contract 3.13, 6.1). They go sealed into the key-value store and nowhere else. */
@Controller()
export class SecretsController implements OnModuleInit {
  private readonly current: CurrentSecrets;
  private readonly locks = new KeyedLocks();

  constructor(
    private readonly mailbox: Mailbox,
    private readonly readModel: ReadModel,
    private readonly store: SecretsStore,
  ) {
    this.current = new CurrentSecrets(readModel.queries);
  }

  async onModuleInit(): Promise<void> {
    await this.readModel.caughtUp();
    await this.store.tidy(this.current);
  }

  @MessagePattern(GetSecretsOfOwner.subject)
  get({
    request: { owner, keys },
  }: Message<{ owner: string; keys?: readonly string[] }>): Promise<Answer<{ document?: string }>> {
    return this.locks.run(owner, async () => {
      const secrets = await this.read(owner);
      if (secrets === undefined) return refused(unreadable());
      return { reply: Object.keys(secrets).length === 0 ? {} : { document: secretsText(secrets, keys) } };
    });
  }

  /** Seals first, then records: what is recorded is there. */
  @MessagePattern(ChangeSecrets.subject)
  change({ context, request: { owner, ...change } }: Message<ChangeSecretsRequest>): Promise<Answer<Nothing>> {
    return this.locks.run(owner, async (): Promise<Answer<Nothing>> => {
      const before = await this.read(owner);
      if (before === undefined) return refused(unreadable());
      const after = changed(before, change);
      if (Buffer.byteLength(JSON.stringify(after)) > SECRETS_BYTES_MAX) return refused(tooLarge());
      const replaced = this.current.of(owner) ?? null;
      const isEmpty = Object.keys(after).length === 0;
      if (isEmpty && replaced === null) return { reply: {} };
      const secrets_id = isEmpty ? null : timeOrderedId();
      if (secrets_id !== null) await this.store.put(secrets_id, owner, after);
      const data: UserSecretsEvents['UserSecretsSealed'] = { owner, secrets_id };
      const answer = await this.mailbox.execute<Changed>({
        context,
        timeMicros: nowMicros(),
        decide: () => ({
          events: [{ stream: secretsStream(owner), type: 'UserSecretsSealed', data }],
          reply: { secrets_id },
        }),
      });
      await this.forgetUnused(answer, secrets_id, replaced);
      return 'error' in answer ? answer : { ...answer, reply: {} };
    });
  }

  private async read(owner: string): Promise<Secrets | undefined> {
    const id = this.current.of(owner);
    return id === null || id === undefined ? {} : this.store.read(id, owner);
  }

  private async forgetUnused(answer: Answer<Changed>, stored: string | null, replaced: string | null): Promise<void> {
    if ('error' in answer) {
      // When nobody knows whether it was recorded, it stays: sealed, and shown only if it was.
      if (stored !== null && answer.error.kind !== 'unavailable') await this.store.forget(stored);
      return;
    }
    const unused = answer.reply.secrets_id === stored ? replaced : stored;
    if (unused !== null) await this.store.forget(unused);
  }
}
