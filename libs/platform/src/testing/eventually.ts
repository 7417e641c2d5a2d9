/** Long enough for processes that were ended to come back, and less than a test may take: its message is worth more. */
const TIMEOUT_MS = 25_000;
const POLL_MS = 10;

/** Repeats a question until the answer is as expected and returns it; on timeout the test fails with the last answer. */
export const eventually = async <Answer>(ask: () => Answer | Promise<Answer>, expected: unknown): Promise<Answer> => {
  const giveUpMs = performance.now() + TIMEOUT_MS;
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
