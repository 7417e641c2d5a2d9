import type { Embedded } from './embedded.js';

/** Identities of headers are believed, and tasks move on by themselves. */
export const PANDA_VARIABLES = { PANDA_CERTIFICATE_PROXIES: 'loopback', PANDA_AGING_SHARE: '0' };

const IDENTITY = {
  'content-type': 'application/json',
  'x-ssl-client-verify': 'SUCCESS',
  'x-ssl-client-s-dn': '/CN=Bench Pilot',
  'x-voms-fqan': '/wlcg/Role=production',
};

/** Asks a function of PanDA's new API, with the production role. @param path such as `task/submit` */
export const askPanda = async (cairn: Embedded, path: string, body?: object): Promise<unknown> => {
  const response = await fetch(`${cairn.url}/api/v1/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: IDENTITY,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
};
