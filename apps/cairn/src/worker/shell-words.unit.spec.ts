import { execFileSync } from 'node:child_process';
import { NotWords, shellQuoted, shellWords } from './shell-words.js';

/** The words that a real shell makes, for text in which it expands nothing. */
const wordsOfShell = (text: string): readonly string[] =>
  execFileSync('sh', ['-c', `for word in ${text}; do printf '%s\\0' "$word"; done`], { encoding: 'utf8' })
    .split('\0')
    .slice(0, -1);

describe('words of a text', () => {
  it.each([
    '--exclusive --mail-type=END',
    `--reservation='two words' --comment="a \\"b\\" c"`,
    String.raw`a\ b c\\d "e\f" 'g\h'`,
    `'' a"b"'c'`,
    '\t a  b\t',
  ])('are those that a shell makes of %j', (text) => {
    expect(shellWords(text)).toEqual(wordsOfShell(text));
  });

  it('expands nothing', () => {
    expect(shellWords('$HOME `id` $(id) *;id|id>x&')).toEqual(['$HOME', '`id`', '$(id)', '*;id|id>x&']);
  });

  it('of empty text are none', () => {
    expect(shellWords('  ')).toEqual([]);
  });

  it.each(["'a", '"a', 'a\\', 'a\nb', 'a\rb', 'a\0b'])('are refused in %j', (text) => {
    expect(() => shellWords(text)).toThrow(NotWords);
  });
});

describe('a quoted word', () => {
  it.each(['plain-1.0/x', '', "it's", '$HOME "x" `id`', 'a\\b', '--x=a b'])('is read back by a shell: %j', (text) => {
    expect(wordsOfShell(shellQuoted(text))).toEqual([text]);
    expect(shellWords(shellQuoted(text))).toEqual([text]);
  });
});
