import { type Answer, jsonAnswer } from '../../harness/http-client.js';
import { isRefusal } from '../../compat/iceprod/answers.js';

/** Whether an answer refuses access, by dialect. */
const REFUSALS: Readonly<Record<string, (answer: Answer) => boolean>> = {
  // IceProd contract 1.2.2, 1.2.6
  iceprod: (answer) => isRefusal(jsonAnswer(answer), 403),
  // Torc contract 1.2, 1.7
  torc: (answer) => {
    const { error, errorNum, code } = (jsonAnswer(answer).json ?? {}) as Readonly<Record<string, unknown>>;
    return [401, 403].includes(answer.status) && error === true && errorNum === answer.status && code === answer.status;
  },
  // RFC 9457
  cairn: (answer) => {
    const { type, status } = (jsonAnswer(answer).json ?? {}) as { type?: unknown; status?: unknown };
    const isProblem = answer.headers['content-type']?.startsWith('application/problem+json') === true;
    return [401, 403].includes(answer.status) && isProblem && status === answer.status && typeof type === 'string';
  },
};

/** @throws Error for a dialect whose refusals nobody has described */
export const isRefusalOf = (dialect: string, answer: Answer): boolean => {
  const check = REFUSALS[dialect];
  if (check === undefined) throw new Error(`nobody has written down how the dialect ${dialect} refuses`);
  return check(answer);
};
