import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { Answer } from '#bus/contract.js';
import { GetSigningKeys, ListRevocations, type RevocationsReply } from '#contracts/tokens.js';
import { Environment } from '#platform/environment.js';
import { SigningKey } from '#platform/tokens/signing-key.js';

/** In place of the auth service, where nobody asks but the process itself. */
@Controller()
export class ViewAuthController {
  constructor(private readonly environment: Environment) {}

  @MessagePattern(GetSigningKeys.subject)
  async keys(): Promise<Answer<{ keys: readonly Readonly<Record<string, unknown>>[] }>> {
    const { publicJwk } = await SigningKey.open(this.environment.CAIRN_DATA_DIR);
    return { reply: { keys: [{ ...publicJwk }] } };
  }

  @MessagePattern(ListRevocations.subject)
  revocations(): Answer<RevocationsReply> {
    return { reply: { revocations: [], cursor: { numbering: 'none', sequence: 0 }, isLast: true } };
  }
}
