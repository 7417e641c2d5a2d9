import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { Answer, Message } from '#bus/contract.js';
import { GetAccessToken, GetKeyFile, GetProxy, GetTokenKey } from '#contracts/panda/secrets.js';
import { Grants } from './grants.js';

type Found = Answer<{ found?: string }>;

const foundOf = (found: string | undefined): { found?: string } => (found === undefined ? {} : { found });

/** Messages about what the operator lets privileged users have (contract 6.1, 10). The gateway has checked that they are. */
@Controller()
export class GrantController {
  constructor(private readonly grants: Grants) {}

  @MessagePattern(GetKeyFile.subject)
  async key({ request: { name } }: Message<{ name: string }>): Promise<Found> {
    return { reply: foundOf(await this.grants.key(name)) };
  }

  @MessagePattern(GetProxy.subject)
  async proxy({ request: { dn, role } }: Message<{ dn: string; role: string | null }>): Promise<Found> {
    return { reply: foundOf(await this.grants.proxy(dn, role)) };
  }

  @MessagePattern(GetAccessToken.subject)
  async token({
    request: { client_name, token_key },
  }: Message<{ client_name: string; token_key: string | null }>): Promise<
    Answer<{ found?: string; refusal?: 'invalid-key' }>
  > {
    if (!this.grants.isOpenedBy(client_name, token_key)) return { reply: { refusal: 'invalid-key' } };
    return { reply: foundOf(await this.grants.token(client_name)) };
  }

  @MessagePattern(GetTokenKey.subject)
  tokenKey({ request: { client_name } }: Message<{ client_name: string }>): Found {
    return { reply: foundOf(this.grants.tokenKey(client_name)) };
  }
}
