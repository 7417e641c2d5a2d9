const PATIENCE_MS = 20_000;
const POLL_MS = 25;

/** Asks until the answer is as expected; the last answer is what the test compares. */
export const eventually = async (ask: () => Promise<unknown>, expected: unknown): Promise<void> => {
  const giveUpMs = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    try {
      expect(answer).toEqual(expected);
      return;
    } catch (error) {
      if (Date.now() > giveUpMs) throw error;
    }
    await new Promise((resume) => setTimeout(resume, POLL_MS));
  }
};
