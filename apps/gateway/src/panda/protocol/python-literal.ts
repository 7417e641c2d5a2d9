import { valueIn } from '#platform/json-object.js';

/** Deeper texts are no literals of a client. */
const LEVELS_MAX = 100;

const BLANK = /[ \t\r\n]*/y;
const NUMBER = /[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const WORD = /[A-Za-z]+/y;
const TEXT = /'(?:[^'\\]|\\[^])*'|"(?:[^"\\]|\\[^])*"/y;

const WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['None', null],
  ['null', null],
  ['True', true],
  ['true', true],
  ['False', false],
  ['false', false],
]);

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', '\n': '' };

const unescaped = (text: string): string =>
  text.replace(/\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([^]))/g, (_all, wide, narrow, single: string) => {
    const code: unknown = wide ?? narrow;
    return typeof code === 'string' ? String.fromCharCode(Number.parseInt(code, 16)) : (ESCAPES[single] ?? single);
  });

/** Reads one literal from the start of a text on; throws a SyntaxError where it is none. */
class LiteralReader {
  private at = 0;

  constructor(private readonly text: string) {}

  whole(): unknown {
    const value = this.value(0);
    this.skipBlanks();
    if (this.at < this.text.length) throw new SyntaxError('text behind the literal');
    return value;
  }

  private value(level: number): unknown {
    if (level > LEVELS_MAX) throw new SyntaxError('too many levels');
    this.skipBlanks();
    const next = this.text[this.at];
    if (next === '{') return this.dict(level);
    if (next === '[') return this.list(']', level);
    if (next === '(') return this.list(')', level);
    if (next === "'" || next === '"') return this.textValue();
    const word = this.match(WORD);
    if (word !== undefined && WORDS.has(word)) return WORDS.get(word);
    const number = word === undefined ? this.match(NUMBER) : undefined;
    if (number === undefined) throw new SyntaxError('not a literal');
    return Number(number);
  }

  private textValue(): string {
    const found = this.match(TEXT);
    if (found === undefined) throw new SyntaxError('a text does not end');
    return unescaped(found.slice(1, -1));
  }

  private list(close: string, level: number): readonly unknown[] {
    const entries: unknown[] = [];
    this.at += 1;
    while (!this.takes(close)) {
      entries.push(this.value(level + 1));
      if (!this.takes(',') && !this.stands(close)) throw new SyntaxError('a comma is missing');
    }
    return entries;
  }

  private dict(level: number): Readonly<Record<string, unknown>> {
    const members: [string, unknown][] = [];
    this.at += 1;
    while (!this.takes('}')) {
      const name = this.value(level + 1);
      if (typeof name !== 'string' && typeof name !== 'number') throw new SyntaxError('not a key');
      if (!this.takes(':')) throw new SyntaxError('a colon is missing');
      members.push([String(name), this.value(level + 1)]);
      if (!this.takes(',') && !this.stands('}')) throw new SyntaxError('a comma is missing');
    }
    return Object.fromEntries(members);
  }

  private stands(character: string): boolean {
    this.skipBlanks();
    return this.text[this.at] === character;
  }

  private takes(character: string): boolean {
    const isThere = this.stands(character);
    if (isThere) this.at += 1;
    return isThere;
  }

  private skipBlanks(): void {
    this.match(BLANK);
  }

  private match(expression: RegExp): string | undefined {
    expression.lastIndex = this.at;
    const found = expression.exec(this.text)?.[0];
    this.at += found?.length ?? 0;
    return found;
  }
}

/** The value of a literal as Python's `repr` writes it, or of a JSON text; undefined for any other text (contract 1.5, 1.6). */
export const literalIn = (text: string): unknown => {
  const value = valueIn(text);
  if (value !== undefined) return value;
  try {
    return new LiteralReader(text).whole();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};
