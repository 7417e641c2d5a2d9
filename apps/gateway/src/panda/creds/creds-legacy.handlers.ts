import { Injectable } from '@nestjs/common';
import type { CallOf, Handlers, LegacyAnswer } from '../protocol/function.js';
import { fields, json, tuple } from '../protocol/legacy-answers.js';
import { CredsHandlers } from './creds.handlers.js';
import type { credsLegacy } from './creds.legacy.js';
import { type Granted, PandaGrants } from './grants.js';

type Functions = typeof credsLegacy;
type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = <Value>(outcome: Granted<Value>, valueOf: (granted: Value) => Fields): Fields =>
  'granted' in outcome
    ? { StatusCode: 0, ...valueOf(outcome.granted) }
    : { StatusCode: outcome.refused.status, errorDialog: outcome.refused.message };

const asProxy = (userProxy: string): Fields => ({ userProxy });

/** The functions of `creds` as the legacy API has them (contract 12). */
@Injectable()
export class CredsLegacyHandlers implements Handlers<Functions> {
  constructor(
    private readonly functions: CredsHandlers,
    private readonly grants: PandaGrants,
  ) {}

  async getKeyPair(call: CallOf<Functions['getKeyPair']>): Promise<LegacyAnswer> {
    const { publicKeyName, privateKeyName } = call.parameters;
    const outcome = await this.grants.keyPair(call, publicKeyName, privateKeyName);
    return fields(fieldsOf(outcome, (keys) => ({ ...keys })));
  }

  async getProxy(call: CallOf<Functions['getProxy']>): Promise<LegacyAnswer> {
    const { role, dn } = call.parameters;
    return json(fieldsOf(await this.grants.proxy(call, role, dn), asProxy));
  }

  async get_access_token(call: CallOf<Functions['get_access_token']>): Promise<LegacyAnswer> {
    const { client_name, token_key } = call.parameters;
    return json(fieldsOf(await this.grants.accessToken(call, client_name, token_key), asProxy));
  }

  async get_token_key(call: CallOf<Functions['get_token_key']>): Promise<LegacyAnswer> {
    const outcome = await this.grants.tokenKey(call, call.parameters.client_name);
    return fields(fieldsOf(outcome, (tokenKey) => ({ tokenKey })));
  }

  /** As a JSON object, or as text that holds one. */
  async get_user_secrets(call: CallOf<Functions['get_user_secrets']>): Promise<LegacyAnswer> {
    const { keys, get_json } = call.parameters;
    const names = keys === null || keys === '' ? null : keys.split(',').map((key) => key.trim());
    const { data } = await this.functions.get_user_secrets({ ...call, parameters: { keys: names } });
    const text = String(data);
    return tuple(true, get_json ? JSON.parse(text) : text);
  }

  async set_user_secret(call: CallOf<Functions['set_user_secret']>): Promise<LegacyAnswer> {
    const { success, message } = await this.functions.set_user_secrets(call);
    return tuple(success, message);
  }
}
