/** Long enough for processes that were ended to come back on a busy machine, and less than a test may take: its message is worth more. */
const TIMEOUT_MS = 60_000;
const PAUSE_FIRST_MS = 10;
const PAUSE_MAX_MS = 50;
/** Of each pause to the one before. */
const PAUSE_GROWTH = 1.1;

interface Matcher {
  asymmetricMatch(value: unknown): boolean;
}

/** Repeats a question until the answer is as expected and returns it; on timeout the test fails with the last answer. */
export const eventually = async <Answer>(ask: () => Answer | Promise<Answer>, expected: unknown): Promise<Answer> => {
  // A check that fails takes up to tens of milliseconds to say why: this one only compares.
  const mayFit = expect.objectContaining({ answer: expected }) as Matcher;
  const giveUpMs = performance.now() + TIMEOUT_MS;
  for (let pauseMs = PAUSE_FIRST_MS; ; pauseMs = Math.min(PAUSE_MAX_MS, pauseMs * PAUSE_GROWTH)) {
    const answer = await ask();
    const isOver = performance.now() > giveUpMs;
    if (isOver || mayFit.asymmetricMatch({ answer })) {
      try {
        expect(answer).toEqual(expected);
        return answer;
      } catch (error) {
        if (isOver) throw error;
      }
    }
    await new Promise((resume) => setTimeout(resume, pauseMs));
  }
};
