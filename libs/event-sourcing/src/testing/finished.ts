/** Runs work that yields to its end. */
export const finished = <Result>(work: Generator<void, Result, void>): Result => {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
};
