import type { WebAnswer } from '#contracts/openid.js';
import { PAGE_HEADERS, SENDING_PAGE_HEADERS } from './pages.js';

type Headers = WebAnswer['headers'];

export const jsonAnswer = (status: number, body: object, headers: Headers = []): WebAnswer => ({
  status,
  headers: [['content-type', 'application/json; charset=UTF-8'], ['cache-control', 'no-store'], ...headers],
  body: JSON.stringify(body),
});

/** In the words of OpenID. */
export const refusal = (status: number, error: string, error_description: string): WebAnswer =>
  jsonAnswer(status, { error, error_description });

export const pageAnswer = (status: number, html: string, headers: Headers = []): WebAnswer => ({
  status,
  headers: [...Object.entries(PAGE_HEADERS), ...headers],
  body: html,
});

/** The answer with another body. */
export const withBody = ({ status, headers }: WebAnswer, body: object): WebAnswer => ({
  status,
  headers: headers.filter(([name]) => name !== 'content-length'),
  body: JSON.stringify(body),
});

/** The answer with a page that sends itself; cookies stay. */
export const withSendingPage = ({ status, headers }: WebAnswer, html: string): WebAnswer => ({
  status,
  headers: [
    ...headers.filter(([name]) => name !== 'content-length' && !Object.hasOwn(SENDING_PAGE_HEADERS, name)),
    ...Object.entries(SENDING_PAGE_HEADERS),
  ],
  body: html,
});
