import { HttpClient, jsonAnswer } from './http-client.js';
import { Browser } from './browser.js';

export const REALM = '/auth/realms/IceCube';
const CLIENT = 'iceprod-public';
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

type Json = Readonly<Record<string, unknown>>;
type Fields = Readonly<Record<string, string>>;

/** Path of the OpenID provider. */
interface Server {
  readonly url: string;
}

export interface FormReply {
  readonly status: number;
  readonly json: Json;
}

/** Sends a form to the OpenID provider, as clients do. */
export const sendForm = async (
  server: Server,
  path: string,
  fields: Fields,
  headers: Fields = {},
): Promise<FormReply> => {
  const client = new HttpClient(server, undefined);
  try {
    const body = new URLSearchParams(fields).toString();
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const options = { body, headers: { ...type, ...headers } };
    const { status, json } = jsonAnswer(await client.send('POST', `${REALM}/protocol/openid-connect/${path}`, options));
    return { status, json: json as Json };
  } finally {
    client.close();
  }
};

/** A string member of an answer. */
export const wordIn = (reply: FormReply, name: string): string => {
  const value = reply.json[name];
  if (typeof value !== 'string') throw new Error(`no ${name} in ${JSON.stringify(reply)}`);
  return value;
};

export const refresh = (server: Server, token: string, fields: Fields = {}): Promise<FormReply> =>
  sendForm(server, 'token', {
    ...{ grant_type: 'refresh_token', refresh_token: token, client_id: CLIENT, scope: '' },
    ...fields,
  });

/** Requests device codes: a person approves them in a browser. */
export const beginDevice = (server: Server, fields: Fields = {}): Promise<FormReply> =>
  sendForm(server, 'auth/device', { client_id: CLIENT, scope: 'offline_access ', ...fields });

/** Requests tokens for a device code that was approved. */
export const pollDevice = (server: Server, deviceCode: string, fields: Fields = {}): Promise<FormReply> =>
  sendForm(server, 'token', { grant_type: DEVICE_GRANT, device_code: deviceCode, client_id: CLIENT, ...fields });

/** Resolves with the refresh token of a device whose user has logged in. */
export const logInByDevice = async (server: Server, username: string, password: string): Promise<string> => {
  const device = await beginDevice(server);
  const browser = new Browser(server);
  try {
    await browser.open(wordIn(device, 'verification_uri_complete'));
    await browser.submit();
    await browser.submit();
    await browser.submit({ username, password });
  } finally {
    browser.close();
  }
  const polled = await pollDevice(server, wordIn(device, 'device_code'));
  if (polled.status !== 200) throw new Error(`${username} is not logged in: ${JSON.stringify(polled)}`);
  return wordIn(polled, 'refresh_token');
};
