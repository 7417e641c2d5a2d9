import { DomainError } from '#platform/domain-error.js';

interface Turn {
  running: number;
  readonly waiting: (() => void)[];
}

/** Answers so many questions of each caller at a time. Others wait for their turn; those that have waited too long are not answered. */
export class Turns {
  private readonly callers = new Map<string, Turn>();

  constructor(private readonly max: number) {}

  /**
   * @param deadlineMs when nobody waits for the answer any more: milliseconds since the Unix epoch
   * @throws DomainError `unavailable` behind the deadline
   */
  async take<Result>(caller: string, deadlineMs: number, answer: () => Promise<Result>): Promise<Result> {
    const turn = this.callers.get(caller) ?? { running: 0, waiting: [] };
    this.callers.set(caller, turn);
    if (turn.running >= this.max) await new Promise<void>((resume) => turn.waiting.push(resume));
    else turn.running += 1;
    try {
      if (Date.now() < deadlineMs) return await answer();
      throw new DomainError('unavailable', 'past.busy', 'Too many of your questions about the past wait, ask again');
    } finally {
      // The place goes to the next one.
      const next = turn.waiting.shift();
      if (next !== undefined) next();
      else {
        turn.running -= 1;
        if (turn.running === 0) this.callers.delete(caller);
      }
    }
  }
}
