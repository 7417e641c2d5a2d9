import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';

/** What Fastify sends: whole, or as it comes. */
export type ResponseBody = string | Buffer | Readable;

export const isResponseBody = (payload: unknown): payload is ResponseBody =>
  typeof payload === 'string' || Buffer.isBuffer(payload) || payload instanceof Readable;

const TEXT = /^(?:text\/|application\/(?:json|x-ndjson|problem\+json)\b)/;

export const isText = (reply: FastifyReply): boolean => {
  const type = reply.getHeader('content-type');
  return typeof type === 'string' && TEXT.test(type);
};
