import { createHash } from 'node:crypto';
import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { DomainError } from '#platform/domain-error.js';
import { type SecretClaims, SecretSigner } from '#platform/tokens/secret-signer.js';
import { authenticationFailed } from '#platform/tokens/verifier.js';
import type { Answer, Caller, Message, MessageContext } from '#bus/contract.js';
import { CreateToken, type CreateTokenRequest, type PresentedToken } from '#contracts/iceprod/users.js';
import type { Decision } from '#event-sourcing/command.js';
import { Groups } from '#event-sourcing/groups.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { RecordedRevocations } from '../../revocation/revocation-projection.js';
import { provisionUser } from '../../user/change-user.js';
import { newUserId } from '../../user/user.js';
import { Users } from '../../user/user-projection.js';
import { mintToken } from './mint-token.js';

/** Roles of a token signed with a key, the strongest first. */
const STRENGTH = ['admin', 'user', 'client'] as const;
/** Roles that a record can hold. */
const RECORDED: readonly string[] = ['admin', 'user'];

interface Minted {
  readonly claims: SecretClaims;
}

/** A repeat counts only with the same token: a weaker token of the same subject must not get the reply to a stronger one. */
const contextFor = (context: MessageContext, presented: PresentedToken): MessageContext =>
  context.commandId === undefined
    ? context
    : {
        ...context,
        commandId: createHash('sha256')
          .update(`${context.commandId}\n${JSON.stringify(presented)}`)
          .digest('hex'),
      };

/** Exchanges tokens for tokens that are signed with the secret (IceProd contract 15). */
@Controller()
export class TokenController {
  private readonly users: Users;
  private readonly groups: Groups;
  private readonly revocations: RecordedRevocations;

  constructor(
    private readonly mailbox: Mailbox,
    private readonly signer: SecretSigner,
    readModel: ReadModel,
  ) {
    this.users = new Users(readModel.writer);
    this.groups = new Groups(readModel.writer);
    this.revocations = new RecordedRevocations(readModel.writer);
  }

  /** Only the claims are kept for repeats: the same claims make the same token again. */
  @MessagePattern(CreateToken.subject)
  async create({ context, request }: Message<CreateTokenRequest>): Promise<Answer<{ token: string }>> {
    const timeMicros = nowMicros();
    const userId = newUserId(timeMicros);
    const nowSeconds = Math.floor(timeMicros / 1000) / 1000;
    const answer = await this.mailbox.execute<Minted>({
      context: contextFor(context, request.presented),
      timeMicros,
      decide: () => {
        const { subject, tokenIssuedAtMs = 0 } = context.caller;
        // The gateway may not know of it yet, and the record must not come back with the roles of an old token.
        if (this.revocations.isRevoked(subject, tokenIssuedAtMs)) return authenticationFailed();
        return request.presented.kind === 'secret'
          ? this.forSecret(request, context.caller, nowSeconds)
          : this.forKey(request, context.caller, userId, nowSeconds);
      },
    });
    if ('error' in answer) return answer;
    return { ...answer, reply: { token: await this.signer.sign(answer.reply.claims) } };
  }

  private forSecret(request: CreateTokenRequest, { subject, groups }: Caller, nowSeconds: number): Decision<Minted> {
    const { role, type } = request.presented;
    const user = this.users.named(subject)?.user;
    const presenter = {
      groups,
      ...(request.presented.username !== undefined && { username: subject }),
      ...(role !== undefined && { role }),
      ...(type !== undefined && { type }),
      ...(user !== undefined && { user }),
    };
    const claims = mintToken(request, presenter, nowSeconds);
    return claims instanceof DomainError ? claims : { events: [], reply: { claims } };
  }

  /** A token signed with a key proves who the user is. A user without a record gets one with what the claims grant. */
  private forKey(request: CreateTokenRequest, caller: Caller, userId: string, nowSeconds: number): Decision<Minted> {
    const username = caller.subject;
    const role = STRENGTH.find((each) => caller.roles.includes(each));
    const { user, events } = provisionUser(
      this.users.named(username),
      {
        username,
        roles: caller.roles.filter((each) => RECORDED.includes(each)),
        groups: caller.groups.filter((group) => this.groups.has(group)),
      },
      userId,
    );
    const presenter = { username, type: 'user', groups: caller.groups, user, ...(role !== undefined && { role }) };
    const claims = mintToken(request, presenter, nowSeconds);
    return claims instanceof DomainError ? claims : { events, reply: { claims } };
  }
}
