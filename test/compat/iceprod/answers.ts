import type { JsonAnswer } from '../../harness/http-client.js';

export const ok = (json: unknown): JsonAnswer => ({ status: 200, reason: 'OK', json });
export const created = (json: unknown): JsonAnswer => ({ status: 201, reason: 'Created', json });
export const done: JsonAnswer = ok({});

/** The error shape of IceProd: the status line and the body contain the reason. */
export const refused = (status: number, reason: string): JsonAnswer => ({
  status,
  reason,
  json: { code: status, error: reason },
});

/** Whether an answer is an error in IceProd's shape, with any reason. */
export const isRefusal = (answer: JsonAnswer, status: number): boolean => {
  const { code, error } = (answer.json ?? {}) as { code?: unknown; error?: unknown };
  return answer.status === status && code === status && error === answer.reason && answer.reason !== '';
};
