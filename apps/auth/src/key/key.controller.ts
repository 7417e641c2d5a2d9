import { Controller, type OnModuleInit } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { Environment } from '#platform/environment.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import type { Answer } from '#bus/contract.js';
import { GetSigningKeys } from '#contracts/tokens.js';

/**
 * Serves the public keys of the embedded issuer; the private ones never leave the data folder. They are read each time,
 * because an operator may rotate them; clients cache the answer.
 */
@Controller()
export class KeyController implements OnModuleInit {
  constructor(private readonly environment: Environment) {}

  /** A key that cannot be read stops the start, instead of failing the first request. */
  async onModuleInit(): Promise<void> {
    await SigningKey.openAll(this.environment.CAIRN_DATA_DIR);
  }

  @MessagePattern(GetSigningKeys.subject)
  async get(): Promise<Answer<{ keys: readonly Readonly<Record<string, unknown>>[] }>> {
    const keys = await SigningKey.openAll(this.environment.CAIRN_DATA_DIR);
    return { reply: { keys: keys.map(({ publicJwk }) => ({ ...publicJwk })) } };
  }
}
