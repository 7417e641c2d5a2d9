import { defineLegacy, optional, required } from '../protocol/function.js';

const module = 'creds';

/** PanDA contract 12. */
export const credsLegacy = {
  getKeyPair: defineLegacy({
    module,
    name: 'getKeyPair',
    methods: ['POST'],
    access: 'secure',
    parameters: { publicKeyName: required('str'), privateKeyName: required('str') },
    summary: 'Get a pair of keys; needs the flag k',
    records: [],
  }),
  getProxy: defineLegacy({
    module,
    name: 'getProxy',
    methods: ['POST'],
    access: 'secure',
    refusal: 'json',
    parameters: { role: optional('str', null), dn: optional('str', null) },
    summary: 'Get a proxy; needs the flag p',
    records: [],
  }),
  get_access_token: defineLegacy({
    module,
    name: 'get_access_token',
    methods: ['GET', 'POST'],
    access: 'secure',
    refusal: 'json',
    parameters: { client_name: required('str'), token_key: optional('str', null) },
    summary: 'Get an access token of a client; needs the flag p',
    records: [],
  }),
  get_token_key: defineLegacy({
    module,
    name: 'get_token_key',
    methods: ['GET', 'POST'],
    access: 'secure',
    parameters: { client_name: required('str') },
    summary: 'Get the token key of a client; needs the flag t',
    records: [],
  }),
  get_user_secrets: defineLegacy({
    module,
    name: 'get_user_secrets',
    methods: ['GET', 'POST'],
    access: 'secure',
    refusal: 'tuple',
    parameters: { keys: optional('str', null), get_json: optional('bool', false) },
    summary: 'Get own secrets',
    records: [],
  }),
  set_user_secret: defineLegacy({
    module,
    name: 'set_user_secret',
    methods: ['POST'],
    access: 'secure',
    refusal: 'tuple',
    parameters: { key: optional('str', null), value: optional('str', null) },
    summary: 'Set a secret; without a value delete it, without a key delete all',
    records: ['UserSecretsSealed'],
  }),
};
