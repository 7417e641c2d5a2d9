import { Injectable } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import { GetAccessToken, GetKeyFile, GetProxy, GetTokenKey } from '#contracts/panda/secrets.js';
import { hasFlag } from '../principal/user-flags.js';
import { principalOf } from '../protocol/caller.js';
import type { PandaCall } from '../protocol/function.js';

/** Why something is not granted, with the status words of contract 12. */
export interface Refusal {
  readonly status: 70 | 80 | 90;
  readonly message: string;
}

export type Granted<Value> = { readonly granted: Value } | { readonly refused: Refusal };

const COLUMN = 'ATLAS_PANDAMETA.USERS.GRIDPREF';

const NO_PERMISSION = 70;
const NO_KEY = 80;
const NO_PROXY = 90;

const refused = (status: Refusal['status'], message: string): { readonly refused: Refusal } => ({
  refused: { status, message },
});

/** A distinguished name without what proxies and numbers add to it. */
const bareName = (dn: string): string => {
  const components = dn.replaceAll('/CN=limited proxy', '').split('/');
  for (const end of [/^CN=proxy$/, /^CN=\d+$/]) {
    while (end.test(components.at(-1) ?? '')) components.pop();
  }
  return components.join('/');
};

/** Keys, proxies and tokens that the operator lets users with a flag have (contract 2.6, 6.1). */
@Injectable()
export class PandaGrants {
  constructor(private readonly bus: Bus) {}

  async keyPair(
    call: PandaCall,
    publicName: string,
    privateName: string,
  ): Promise<Granted<{ readonly publicKey: string; readonly privateKey: string }>> {
    const { name } = principalOf(call);
    if (!(await hasFlag(this.bus, call, 'k'))) {
      return refused(NO_PERMISSION, `Failed since '${name}' not authorized with 'k' in ${COLUMN}`);
    }
    const keys: string[] = [];
    for (const key of [publicName, privateName]) {
      const { found } = await this.bus.request(GetKeyFile, { name: key }, call.context);
      if (found === undefined) {
        return refused(NO_KEY, `Failed for '${name}' since ${key} is missing on ${call.request.host}`);
      }
      keys.push(found);
    }
    const [publicKey = '', privateKey = ''] = keys;
    return { granted: { publicKey, privateKey } };
  }

  /** @param dn of somebody else than the caller */
  async proxy(call: PandaCall, role: string | null, dn: string | null): Promise<Granted<string>> {
    const caller = principalOf(call);
    if (!(await hasFlag(this.bus, call, 'p'))) return this.noProxyFor(caller.name, 'proxy');
    const bare = bareName(dn ?? caller.dn);
    const names = dn === null ? [bare, caller.name] : [bare];
    for (const name of names) {
      const { found } = await this.bus.request(GetProxy, { dn: name, role: role === '' ? null : role }, call.context);
      if (found !== undefined) return { granted: found };
    }
    return refused(NO_PROXY, `'proxy' not found for ${bare}`);
  }

  async accessToken(call: PandaCall, client_name: string, token_key: string | null): Promise<Granted<string>> {
    if (!(await hasFlag(this.bus, call, 'p'))) return this.noProxyFor(principalOf(call).name, 'access token');
    const { found, refusal } = await this.bus.request(GetAccessToken, { client_name, token_key }, call.context);
    if (refusal !== undefined) return refused(NO_PERMISSION, `failed since token key is invalid for ${client_name}`);
    return found === undefined ? refused(NO_PROXY, `'token' not found for ${client_name}`) : { granted: found };
  }

  async tokenKey(call: PandaCall, client_name: string): Promise<Granted<string>> {
    if (!(await hasFlag(this.bus, call, 't'))) {
      return refused(NO_PERMISSION, `Denied since '${principalOf(call).name}' not authorized with 't' in ${COLUMN}`);
    }
    const { found } = await this.bus.request(GetTokenKey, { client_name }, call.context);
    return found === undefined ? refused(NO_KEY, `Token key is missing for '${client_name}'`) : { granted: found };
  }

  private noProxyFor(name: string, what: string): { readonly refused: Refusal } {
    return refused(NO_PERMISSION, `failed: '${name}' not in authorized users with 'p' in ${COLUMN} to get ${what}`);
  }
}
