import { shellWords } from '../worker/shell-words.js';

/** What the parameters of prun-style jobs ask for. */
export interface RunGen {
  /** A script for a shell. */
  readonly script: string;
  /** Folder below the work folder in which it runs. */
  readonly folder: string;
  /** An archive that is unpacked first. */
  readonly sandbox: string | undefined;
  /** A library of a build job that is unpacked first. */
  readonly library: string | undefined;
  /** Names of the files that the script makes, and what they are renamed to. */
  readonly outputs: readonly (readonly [made: string, lfn: string])[];
  readonly inputs: readonly string[];
  readonly sourceUrl: string | undefined;
}

/** Parameters that are no command line, or lack the command. */
export class BadParameters extends Error {
  override readonly name = 'BadParameters';
}

/** Options with a value that pilots do without. */
const IGNORED: ReadonlySet<string> = new Set(['-j', '--inMap', '--trf', '--libTgz', '--dbrelease']);
const TEXT = /'([^']*)'|"([^"]*)"/gu;

/**
 * Reads the parameters of jobs of Cairn's default transformation.
 *
 * @throws BadParameters
 */
export const readRunGen = (parameters: string): RunGen => {
  const options = new Map<string, string>();
  const words = wordsOf(parameters);
  for (let at = 0; at < words.length; at += 1) {
    const [name, attached] = splitOption(words[at] ?? '');
    if (!name.startsWith('-')) continue;
    const next = words[at + 1];
    const takesNext = attached === undefined && next !== undefined && (!next.startsWith('-') || IGNORED.has(name));
    options.set(name, attached ?? (takesNext ? next : ''));
    if (takesNext) at += 1;
  }
  const encoded = options.get('-p');
  if (encoded === undefined) throw new BadParameters('the parameters name no command: -p is missing');
  const names = textsIn(options.get('-o') ?? '');
  const inputs = textsIn(options.get('-i') ?? '');
  return {
    script: decoded(encoded).replaceAll('%IN', inputs.join(',')),
    folder: options.get('-r') ?? '.',
    sandbox: options.get('-a'),
    library: options.get('-l'),
    outputs: names.flatMap((made, at) => (at % 2 === 0 ? [[made, names[at + 1] ?? made] as const] : [])),
    inputs,
    sourceUrl: options.get('--sourceURL'),
  };
};

const wordsOf = (parameters: string): readonly string[] => {
  try {
    return shellWords(parameters.replaceAll(/[\r\n]+/gu, ' '));
  } catch (error) {
    throw new BadParameters(`the parameters are no command line: ${(error as Error).message}`);
  }
};

/** `--name=value` */
const splitOption = (word: string): readonly [string, string | undefined] => {
  const at = word.startsWith('--') ? word.indexOf('=') : -1;
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
};

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new BadParameters('the command is not URL-encoded');
  }
};

/** The texts of a Python literal: keys and values of a dict, or members of a list. */
const textsIn = (literal: string): readonly string[] =>
  [...literal.matchAll(TEXT)].map(([, single, double]) => single ?? double ?? '');
