import type { IncomingMessage, ServerResponse } from 'node:http';
import { inject } from 'light-my-request';
import type { Log } from '#platform/logging.js';
import type { WebAnswer } from '#contracts/openid.js';
import { OUT_OF_ORDER } from './pages.js';
import type { Realm } from './realms.js';
import { showPage } from './show-page.js';
import type { Tidied } from './web-request.js';

type Dispatch = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** Lets something that expects Node's own request and response answer a message. */
export const answerByNode = async (
  { publicUrl, base }: Pick<Realm, 'publicUrl' | 'base'>,
  { asked: { path, query }, method, form, headers, address }: Tidied,
  dispatch: Dispatch,
  log: Pick<Log, 'error'>,
): Promise<WebAnswer> => {
  const { protocol, host } = new URL(publicUrl);
  const url = query.size === 0 ? path : `${path}?${query.toString()}`;
  const originalUrl = `${base}${url}`;
  const isPost = method === 'POST';
  const answer = await inject(
    (request, response) => {
      Object.assign(request, { originalUrl });
      Promise.resolve(dispatch(request, response)).catch((error: unknown) => {
        log.error({ error, path }, 'login failed');
        if (!response.headersSent) showPage(response, 500, OUT_OF_ORDER);
      });
    },
    {
      method,
      url,
      headers: {
        ...headers,
        host,
        'x-forwarded-proto': protocol.slice(0, -1),
        'x-forwarded-for': address,
        ...(isPost && { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(isPost && { payload: form.toString() }),
    },
  );
  const pairs = Object.entries(answer.headers).flatMap(([name, value]) =>
    [value ?? []].flat().map((each) => [name, String(each)] as const),
  );
  return { status: answer.statusCode, headers: pairs, body: answer.payload };
};
