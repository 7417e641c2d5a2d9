import { createContext, Script } from 'node:vm';

/** Time to match some texts: patterns that go back again and again would take hours. */
const MATCH_MS_MAX = 20;

/** Each may take twice as long as the one before. */
const TRIES_MAX = 4;

/** A try in which this thread ran for so much of the time that it had says that the pattern is slow, not that the machine is busy. */
const FAIR_PART = 0.75;

const sandbox: { pattern?: RegExp; texts?: readonly string[] } = createContext({});
const script = new Script('texts.map((text) => pattern.test(text))');

/** For how long this thread has run. */
const ranMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

/** A regular expression of a client, who may have written one that takes hours. */
export class BoundedPattern {
  private constructor(private readonly pattern: RegExp) {}

  /** Undefined when the text is no regular expression. */
  static parse(text: string): BoundedPattern | undefined {
    try {
      return new BoundedPattern(new RegExp(text, 'u'));
    } catch {
      return undefined;
    }
  }

  /** Whether each of some texts matches; none of them does when that takes too long. */
  matches(texts: readonly string[]): readonly boolean[] {
    return this.matchesWithin(MATCH_MS_MAX, texts) ?? texts.map(() => false);
  }

  /**
   * Whether each of some texts matches; undefined when that takes longer. What others on a busy machine take is not its time: then it is tried
   * again, up to fifteen times as long in all.
   */
  matchesWithin(milliseconds: number, texts: readonly string[]): readonly boolean[] | undefined {
    sandbox.pattern = this.pattern;
    sandbox.texts = texts;
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const beganMs = ranMs();
      try {
        return script.runInContext(sandbox, { timeout: milliseconds * 2 ** tries }) as boolean[];
      } catch {
        if (ranMs() - beganMs >= milliseconds * FAIR_PART) return undefined;
      }
    }
    return undefined;
  }
}
