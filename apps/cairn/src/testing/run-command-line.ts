import { Readable } from 'node:stream';
import { Command } from 'commander';
import { runProgram, type Terminal } from '../command-line.js';

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command of `cairn` with the words of a line.
 *
 * @param input content of standard input; by default standard input is a terminal
 */
export const runCommandLine = async (
  command: (terminal: Terminal) => Command,
  line: string,
  env: Readonly<Record<string, string>>,
  input?: string,
): Promise<CommandResult> => {
  let stdout = '';
  let stderr = '';
  const terminal: Terminal = {
    env,
    stdin: Object.assign(Readable.from(input === undefined ? [] : [input]), { isTTY: input === undefined }),
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
  };
  const child = command(terminal);
  const program = new Command('cairn').addCommand(child);
  await runProgram(program, [child.name(), ...line.split(' ').filter(Boolean)], terminal);
  return { exitCode: Number(terminal.exitCode ?? 0), stdout, stderr };
};
