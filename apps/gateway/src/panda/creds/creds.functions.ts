import type { Schema } from '../../route/field.js';
import { defineFunction, optional, required } from '../protocol/function.js';

const module = 'creds';

const texts = (...names: readonly string[]): Schema => ({
  type: ['object', 'null'],
  properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
});

/** PanDA contract 6.1. */
export const credsFunctions = {
  set_user_secrets: defineFunction({
    module,
    name: 'set_user_secrets',
    methods: ['POST'],
    access: 'secure',
    parameters: { key: optional('str', null), value: optional('str', null) },
    summary: 'Set a secret; without a value delete it, without a key delete all',
    records: ['UserSecretsSealed'],
  }),
  get_user_secrets: defineFunction({
    module,
    name: 'get_user_secrets',
    methods: ['GET', 'POST'],
    access: 'secure',
    parameters: { keys: optional('List[str]', null) },
    summary: 'Get own secrets: a string that holds a JSON object',
    records: [],
    data: { type: 'string' },
  }),
  get_key_pair: defineFunction({
    module,
    name: 'get_key_pair',
    methods: ['GET'],
    access: 'secure',
    parameters: { public_key_name: required('str'), private_key_name: required('str') },
    summary: 'Get a pair of keys; needs the flag k',
    records: [],
    data: texts('public_key', 'publicKey', 'private_key', 'privateKey'),
  }),
  get_proxy: defineFunction({
    module,
    name: 'get_proxy',
    methods: ['GET'],
    access: 'secure',
    parameters: { role: optional('str', null), dn: optional('str', null) },
    summary: 'Get a proxy; needs the flag p',
    records: [],
    data: texts('user_proxy', 'userProxy'),
  }),
  get_access_token: defineFunction({
    module,
    name: 'get_access_token',
    methods: ['GET'],
    access: 'secure',
    parameters: { client_name: required('str'), token_key: optional('str', null) },
    summary: 'Get an access token of a client; needs the flag p',
    records: [],
    data: texts('user_proxy', 'userProxy'),
  }),
  get_token_key: defineFunction({
    module,
    name: 'get_token_key',
    methods: ['GET'],
    access: 'secure',
    parameters: { client_name: required('str') },
    summary: 'Get the token key of a client; needs the flag t',
    records: [],
    data: texts('tokenKey'),
  }),
};
