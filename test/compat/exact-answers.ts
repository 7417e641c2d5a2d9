/** Expects exactly this answer, for example status, reason phrase and body. */
export type ExpectAnswer = (answer: object, expected: object, of?: string) => void;

/** Compares answers and counts the comparisons. */
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
