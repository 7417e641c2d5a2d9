import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { Environment } from '#platform/environment.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import type { Answer } from '#bus/contract.js';
import { GetSigningKeys } from '#contracts/iceprod/users.js';

/** Hands out the public keys of the embedded issuer; the private one never leaves the data folder. */
@Controller()
export class KeyController {
  private key: Promise<SigningKey> | undefined;

  constructor(private readonly environment: Environment) {}

  @MessagePattern(GetSigningKeys.subject)
  async get(): Promise<Answer<{ keys: readonly Readonly<Record<string, unknown>>[] }>> {
    const { publicJwk } = await this.open();
    return { reply: { keys: [{ ...publicJwk }] } };
  }

  private open(): Promise<SigningKey> {
    this.key ??= SigningKey.open(this.environment.CAIRN_DATA_DIR).catch((error: unknown) => {
      this.key = undefined;
      throw error;
    });
    return this.key;
  }
}
