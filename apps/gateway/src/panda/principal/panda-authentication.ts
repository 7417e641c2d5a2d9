import { Injectable } from '@nestjs/common';
import type { Principal } from '#contracts/panda/principal.js';
import type { Authenticator } from '../protocol/authenticator.js';

@Injectable()
export class PandaAuthentication implements Authenticator {
  principalOf(): Promise<Principal | undefined> {
    return Promise.resolve(undefined);
  }
}
