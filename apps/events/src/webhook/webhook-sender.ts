import { createHmac } from 'node:crypto';
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { Injectable } from '@nestjs/common';
import type { Attempt } from '#contracts/cairn/webhooks.js';
import { CLOUD_EVENT_TYPE } from '#contracts/cairn/event-envelope.js';
import { TargetAddresses } from './target-addresses.js';

/** For all of a request: connection, sending, answer. */
const ANSWERED_WITHIN_MS = 15_000;
const IDLE_CONNECTIONS_MAX = 64;
/** More of an answer is not read. */
const ANSWER_BYTES_MAX = 16 * 1024;

/** Where to, and what signs. */
export interface WebhookTarget {
  readonly url: string;
  /** `whsec_` and the key in base 64. */
  readonly secret: string;
}

export interface WebhookMessage {
  readonly id: string;
  /** A CloudEvent: raw JSON. */
  readonly text: string;
}

export const SECRET_PREFIX = 'whsec_';

/** The headers of Standard Webhooks: who has the key recognizes messages, and repeats by their id. */
export const signatureHeaders = (
  { id, text }: WebhookMessage,
  secret: string,
  timeMs: number,
): Readonly<Record<string, string>> => {
  const timestamp = String(Math.floor(timeMs / 1000));
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${text}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
};

/** Sends messages to targets. Redirections are not followed: they are answers like all that are no success. */
@Injectable()
export class WebhookSender {
  private readonly agents;

  constructor(private readonly addresses: TargetAddresses) {
    const options = { keepAlive: true, maxFreeSockets: IDLE_CONNECTIONS_MAX, lookup: addresses.lookup };
    this.agents = { 'http:': new HttpAgent(options), 'https:': new HttpsAgent(options) };
  }

  /** Never rejects. */
  async send({ url, secret }: WebhookTarget, message: WebhookMessage, stop?: AbortSignal): Promise<Attempt> {
    const timeout = AbortSignal.timeout(ANSWERED_WITHIN_MS);
    try {
      const target = new URL(url);
      this.addresses.checkHost(target);
      const body = Buffer.from(message.text);
      const headers = {
        'content-type': `${CLOUD_EVENT_TYPE}; charset=UTF-8`,
        'content-length': String(body.length),
        'user-agent': 'Cairn',
        ...signatureHeaders(message, secret, Date.now()),
      };
      const signal = stop === undefined ? timeout : AbortSignal.any([timeout, stop]);
      const status = await this.post(target, headers, body, signal);
      return status >= 200 && status < 300 ? { status } : { status, error: `answered ${status}` };
    } catch (error) {
      return { error: timeout.aborted ? `no answer within ${ANSWERED_WITHIN_MS / 1000} s` : reasonOf(error) };
    }
  }

  close(): void {
    for (const agent of Object.values(this.agents)) agent.destroy();
  }

  private post(
    target: URL,
    headers: Readonly<Record<string, string>>,
    body: Buffer,
    signal: AbortSignal,
  ): Promise<number> {
    return new Promise((settle, refuse) => {
      const begin = target.protocol === 'https:' ? requestHttps : requestHttp;
      const agent = this.agents[target.protocol === 'https:' ? 'https:' : 'http:'];
      const request = begin(target, { method: 'POST', headers, agent, signal }, (response) => {
        drain(response, () => settle(response.statusCode ?? 0));
      });
      request.on('error', refuse);
      request.end(body);
    });
  }
}

/** Reads an answer, so that its connection may serve the next message; one that is too long ends with the connection. */
const drain = (response: IncomingMessage, settle: () => void): void => {
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) response.destroy();
  });
  // Status and headers are there: however the rest ends, the target has answered.
  response.on('error', settle);
  response.on('close', settle);
};

/** In words that show nothing of the URL but its host. */
const reasonOf = (error: unknown): string => {
  // With several addresses, each has its error.
  const { errors: [first] = [error] } = error as { readonly errors?: readonly unknown[] };
  const { code, message } = first as { readonly code?: string; readonly message?: string };
  return code ?? message ?? 'failed';
};
