/** Long enough for processes that were ended to come back, and less than a test may take: its message is worth more. */
const PATIENCE_MS = 25_000;
const POLL_MS = 10;

/** Asks until the answer is as expected, and gives it; the last answer is what the test compares. */
export const eventually = async <Answer>(ask: () => Answer | Promise<Answer>, expected: unknown): Promise<Answer> => {
  const giveUpMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    try {
      expect(answer).toEqual(expected);
      return answer;
    } catch (error) {
      if (performance.now() > giveUpMs) throw error;
    }
    await new Promise((resume) => setTimeout(resume, POLL_MS));
  }
};
