import { AtMostOfEach } from '#platform/at-most.js';
import { DomainError } from '#platform/domain-error.js';

/** Answers so many questions of each caller at a time. Others wait for their turn; those that have waited too long are not answered. */
export class Turns {
  private readonly callers: AtMostOfEach;

  constructor(max: number) {
    this.callers = new AtMostOfEach(max);
  }

  /**
   * @param deadlineMs when nobody waits for the answer any more: milliseconds since the Unix epoch
   * @throws DomainError `unavailable` behind the deadline
   */
  take<Result>(caller: string, deadlineMs: number, answer: () => Promise<Result>): Promise<Result> {
    return this.callers.run(caller, () => {
      if (Date.now() < deadlineMs) return answer();
      throw new DomainError('unavailable', 'past.busy', 'Too many of your questions about the past wait, ask again');
    });
  }
}
