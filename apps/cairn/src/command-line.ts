import { parseArgs, type ParseArgsConfig } from 'node:util';

const HELP: ReadonlySet<string> = new Set(['--help', '-h']);
const EXIT_REFUSED = 2;

/** What of a process a command uses. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: AsyncIterable<string | Buffer> & { readonly isTTY?: boolean };
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** One command of `cairn`. */
export interface Command {
  readonly name: string;
  /** Answers `--help`, and follows on what is wrong with the words. */
  readonly usage: string;
  /**
   * Resolves with the exit code.
   *
   * @throws UsageError
   */
  run(words: readonly string[], terminal: Terminal): Promise<number>;
}

/** What a command was asked for is wrong; the message says how. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const asksForHelp = (words: readonly string[]): boolean => words.some((word) => HELP.has(word));

/** @throws UsageError where `parseArgs` throws */
export const parsedArgs = <Config extends ParseArgsConfig>(config: Config): ReturnType<typeof parseArgs<Config>> => {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError((error as { readonly message: string }).message);
  }
};

/** Resolves with the exit code. */
export const runCommand = async (command: Command, words: readonly string[], terminal: Terminal): Promise<number> => {
  const { name, usage } = command;
  if (asksForHelp(words)) {
    terminal.stdout.write(usage);
    return 0;
  }
  try {
    return await command.run(words, terminal);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    terminal.stderr.write(`${name}: ${error.message}\n\n${usage}`);
    return EXIT_REFUSED;
  }
};
