import type { JsonAnswer } from '../../harness/http-client.js';

/** Compares an answer whole: status, reason phrase and body, nothing missing and nothing more. */
export type ExpectAnswer = (answer: JsonAnswer, expected: JsonAnswer, of?: string) => void;

/** Compares answers and counts how often that was done. */
export class ExactAnswers {
  private made = 0;

  get count(): number {
    return this.made;
  }

  readonly expectAnswer: ExpectAnswer = (answer, expected, of = '') => {
    this.made += 1;
    expect({ of, ...answer }).toStrictEqual({ of, ...expected });
  };
}
