import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const CORRELATION_ID = /^[\x21-\x7e]{1,128}$/;

let requests = 0;
const processTag = randomUUID().slice(0, 8);

/** The client's own id for what it does, else one that is unique and cheap. */
export const correlationIdOf = ({ headers }: IncomingMessage): string => {
  const given = headers['x-correlation-id'] ?? headers['x-request-id'];
  if (typeof given === 'string' && CORRELATION_ID.test(given)) return given;
  requests += 1;
  return `${processTag}-${requests.toString(36)}`;
};
