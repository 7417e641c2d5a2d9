import { createContext, Script } from 'node:vm';

/** Time to match some texts: patterns that go back again and again would take hours. */
const MATCH_MS_MAX = 20;

const sandbox: { pattern?: RegExp; texts?: readonly string[] } = createContext({});
const script = new Script('texts.map((text) => pattern.test(text))');

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

  /** Whether each of some texts matches; undefined when that takes longer. */
  matchesWithin(milliseconds: number, texts: readonly string[]): readonly boolean[] | undefined {
    sandbox.pattern = this.pattern;
    sandbox.texts = texts;
    try {
      return script.runInContext(sandbox, { timeout: milliseconds }) as boolean[];
    } catch {
      return undefined;
    }
  }
}
