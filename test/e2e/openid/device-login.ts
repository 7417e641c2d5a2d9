import { HttpClient, said } from '../http-client.js';
import { Browser } from './browser.js';

export const REALM = '/auth/realms/IceCube';
const CLIENT = 'iceprod-public';

type Json = Readonly<Record<string, unknown>>;

interface FormReply {
  readonly status: number;
  readonly json: Json;
}

/** Sends a form to the OpenID provider, as clients do. */
export const sendForm = async (
  server: { readonly url: string },
  path: string,
  fields: Readonly<Record<string, string>>,
): Promise<FormReply> => {
  const client = new HttpClient(server, undefined);
  try {
    const body = new URLSearchParams(fields).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const { status, json } = said(
      await client.send('POST', `${REALM}/protocol/openid-connect/${path}`, { body, headers }),
    );
    return { status, json: json as Json };
  } finally {
    client.close();
  }
};

export const refresh = (server: { readonly url: string }, token: string): Promise<FormReply> =>
  sendForm(server, 'token', { grant_type: 'refresh_token', refresh_token: token, client_id: CLIENT, scope: '' });

/** Refresh token of a script whose user has logged in. */
export const logInByDevice = async (
  server: { readonly url: string },
  username: string,
  password: string,
): Promise<string> => {
  const device = await sendForm(server, 'auth/device', { client_id: CLIENT, scope: 'offline_access ' });
  const browser = new Browser(server);
  try {
    await browser.open(String(device.json['verification_uri_complete']));
    await browser.submit();
    await browser.submit();
    await browser.submit({ username, password });
  } finally {
    browser.close();
  }
  const polled = await sendForm(server, 'token', {
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: String(device.json['device_code']),
    client_id: CLIENT,
  });
  const token = polled.json['refresh_token'];
  if (typeof token !== 'string') throw new Error(`${username} is not logged in: ${JSON.stringify(polled)}`);
  return token;
};
