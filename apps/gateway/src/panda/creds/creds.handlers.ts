import { Injectable } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import { ChangeSecrets, GetSecretsOfOwner } from '#contracts/panda/secrets.js';
import { principalOf } from '../protocol/caller.js';
import { type CallOf, type Envelope, failure, type Handlers, success } from '../protocol/function.js';
import type { credsFunctions } from './creds.functions.js';
import { type Granted, PandaGrants } from './grants.js';

type Functions = typeof credsFunctions;

const NO_SECRETS = '{}';

const envelopeOf = <Value>(outcome: Granted<Value>, dataOf: (granted: Value) => object): Envelope =>
  'granted' in outcome ? success(dataOf(outcome.granted)) : failure(outcome.refused.message);

/** Old and new clients spell it differently (D17). Of tokens the names are those of proxies. */
const asProxy = (text: string): object => ({ user_proxy: text, userProxy: text });

/** Secrets of users, and what the operator grants them (contract 6.1). */
@Injectable()
export class CredsHandlers implements Handlers<Functions> {
  constructor(
    private readonly bus: Bus,
    private readonly grants: PandaGrants,
  ) {}

  async set_user_secrets(call: CallOf<Functions['set_user_secrets']>): Promise<Envelope> {
    const { key, value } = call.parameters;
    await this.bus.request(ChangeSecrets, { owner: principalOf(call).name, key, value }, call.context);
    return success(null, 'OK');
  }

  async get_user_secrets(call: CallOf<Functions['get_user_secrets']>): Promise<Envelope> {
    const { keys } = call.parameters;
    const request = { owner: principalOf(call).name, ...(keys !== null && keys.length > 0 && { keys }) };
    const { document = NO_SECRETS } = await this.bus.request(GetSecretsOfOwner, request, call.context);
    return success(document);
  }

  async get_key_pair(call: CallOf<Functions['get_key_pair']>): Promise<Envelope> {
    const { public_key_name, private_key_name } = call.parameters;
    const outcome = await this.grants.keyPair(call, public_key_name, private_key_name);
    return envelopeOf(outcome, ({ publicKey, privateKey }) => ({
      public_key: publicKey,
      publicKey,
      private_key: privateKey,
      privateKey,
    }));
  }

  async get_proxy(call: CallOf<Functions['get_proxy']>): Promise<Envelope> {
    const { role, dn } = call.parameters;
    return envelopeOf(await this.grants.proxy(call, role, dn), asProxy);
  }

  async get_access_token(call: CallOf<Functions['get_access_token']>): Promise<Envelope> {
    const { client_name, token_key } = call.parameters;
    return envelopeOf(await this.grants.accessToken(call, client_name, token_key), asProxy);
  }

  async get_token_key(call: CallOf<Functions['get_token_key']>): Promise<Envelope> {
    const outcome = await this.grants.tokenKey(call, call.parameters.client_name);
    return envelopeOf(outcome, (tokenKey) => ({ tokenKey }));
  }
}
