import { randomUUID } from 'node:crypto';
import { Controller, type OnModuleInit } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { Answer, Message } from '#bus/contract.js';
import { CheckRevocation, ListRevocations, type RevocationsAfter, type RevocationsReply } from '#contracts/tokens.js';
import { contentVersion } from '#event-sourcing/content-version.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { OperatorRevocations } from './operator-revocations.js';
import { RecordedRevocations } from './revocation-projection.js';

/** Serves the revocations to whoever verifies tokens. */
@Controller()
export class RevocationController implements OnModuleInit {
  private readonly recorded: RecordedRevocations;
  private readonly started = randomUUID();

  constructor(
    private readonly readModel: ReadModel,
    private readonly operators: OperatorRevocations,
  ) {
    this.recorded = new RecordedRevocations(readModel.queries);
  }

  /** Until the read model has caught up, an answer would leave revocations out. */
  async onModuleInit(): Promise<void> {
    await this.readModel.caughtUp();
  }

  @MessagePattern(ListRevocations.subject)
  async list({ request, context }: Message<RevocationsAfter>): Promise<Answer<RevocationsReply>> {
    await this.operators.record(context);
    const { cursor } = request;
    const { numbering } = this;
    const isKnown = cursor !== undefined && cursor.numbering === numbering;
    const { revocations, sequence, isLast } = this.recorded.after(isKnown ? cursor.sequence : 0);
    return { reply: { revocations, cursor: { numbering, sequence }, isLast } };
  }

  /** Names the numbering of the changes: a file that was rebuilt, or read by a process that restarted, may have numbered them anew. */
  private get numbering(): string {
    return `${this.started}/${contentVersion(this.readModel.queries)}`;
  }

  @MessagePattern(CheckRevocation.subject)
  async check({
    request: { subject, token_issued_at_ms: issuedAtMs },
    context,
  }: Message<{ subject: string; token_issued_at_ms: number }>): Promise<Answer<{ is_revoked: boolean }>> {
    await this.operators.record(context);
    return { reply: { is_revoked: this.recorded.isRevoked(subject, issuedAtMs) } };
  }
}
