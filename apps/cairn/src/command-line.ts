import { type Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { redacted } from '#platform/redaction.js';

/** Exit codes of all commands; 0 is success. */
export const EXIT = {
  /** The command was understood and failed, or what it checked is wrong. */
  failed: 1,
  /** The command line is wrong: nothing was done. */
  usage: 2,
  /** A worker stopped because too many tasks failed on its machine. */
  machineFailure: 3,
} as const;

/** The part of `process` that a command uses. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: AsyncIterable<string | Buffer> & { readonly isTTY?: boolean };
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  /** Commands set it when they fail without a message of their own. */
  exitCode?: number | string | null | undefined;
}

/** Something that a command line asks for cannot be done. The message says what and why. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Ends a command that has failed with code 1, and with a message. */
export const fail = (terminal: Terminal, { message }: Error): void => {
  terminal.stderr.write(`error: ${redacted(message)}\n`);
  terminal.exitCode = EXIT.failed;
};

/** Parser of an option that may be given several times. */
export const repeated = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];

/** Parser of an option that is a number. */
export const numberFrom =
  (least: number, most = Infinity) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(
      most === Infinity
        ? `It must be a number from ${String(least)} up.`
        : `It must be a number from ${String(least)} to ${String(most)}.`,
    );
  };

/** Parser of an option that is a whole number. */
export const integerFrom =
  (least: number, most = Infinity) =>
  (text: string): number => {
    const value = numberFrom(least, most)(text);
    if (!Number.isInteger(value)) throw new InvalidArgumentError('It must be a whole number.');
    return value;
  };

/** Parser of an option that is the address of a server. */
export const webAddress = (text: string): string => {
  // Messages name the address, so it may hold no password.
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol) || new URL(text).username !== '') {
    throw new InvalidArgumentError(
      'It must be the address of a server, such as http://127.0.0.1:8080, without a user.',
    );
  }
  return text;
};

/**
 * Adds an option that must be given. Unlike with commander's `requiredOption`, an unknown option is reported before a missing
 * one, which it may be a misspelling of.
 */
export const addRequiredOption = (
  command: Command,
  flags: string,
  description: string,
  parse: (text: string) => string,
): Command => {
  const option = new Option(flags, description).argParser(parse);
  return command.addOption(option).hook('preAction', () => {
    if (command.getOptionValue(option.attributeName()) === undefined) {
      command.error(`error: required option '${flags}' not specified`);
    }
  });
};

/** `cairn user add` */
const pathOf = (command: Command): string =>
  command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;

const helpHint = (command: Command): string => `Run '${pathOf(command)} --help' to see what it takes.`;

/** Makes a command and those below it write to the terminal, and throw where commander would end the process. */
const connect = (command: Command, terminal: Terminal): void => {
  command
    .exitOverride()
    .showHelpAfterError(helpHint(command))
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      // Messages quote wrong arguments.
      writeErr: (text) => terminal.stderr.write(redacted(text)),
    });
  for (const child of command.commands) connect(child, terminal);
};

/**
 * Runs the command that `words` name and sets the exit code of the terminal: see {@link EXIT}.
 *
 * @throws what a command throws, except {@link UsageError}, which is written to stderr
 */
export const runProgram = async (program: Command, words: readonly string[], terminal: Terminal): Promise<void> => {
  let running = program;
  program.hook('preAction', (_program, command) => {
    running = command;
  });
  connect(program, terminal);
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.stderr.write(`error: ${error.message}\n${helpHint(running)}\n`);
      terminal.exitCode = EXIT.usage;
    } else if (error instanceof CommanderError) {
      if (error.exitCode !== 0) terminal.exitCode = EXIT.usage;
    } else throw error;
  }
};
