import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { SecretSigner } from '#platform/tokens/secret-signer.js';
import { authenticationFailed } from '#platform/tokens/verifier.js';
import type { Answer, Message } from '#bus/contract.js';
import { CheckToken } from '#contracts/tokens.js';
import { refused } from '../refused.js';

/** Checks tokens that are signed with the secret, for processes that do not know it. */
@Controller()
export class TokenCheckController {
  constructor(private readonly signer: SecretSigner) {}

  @MessagePattern(CheckToken.subject)
  async check({ request }: Message<{ token: string }>): Promise<Answer<{ claims: Readonly<Record<string, unknown>> }>> {
    const claims = await this.signer.claimsOf(request.token);
    return claims === undefined ? refused(authenticationFailed()) : { reply: { claims } };
  }
}
