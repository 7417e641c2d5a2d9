import { Readable } from 'node:stream';
import { type Command, runCommand } from '../command-line.js';

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command with the words of a line.
 *
 * @param input what standard input holds; without it that is a terminal
 */
export const ran = async (
  command: Command,
  line: string,
  env: Readonly<Record<string, string>>,
  input?: string,
): Promise<Ran> => {
  let stdout = '';
  let stderr = '';
  const exitCode = await runCommand(command, line.split(' ').filter(Boolean), {
    env,
    stdin: Object.assign(Readable.from(input === undefined ? [] : [input]), { isTTY: input === undefined }),
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
  });
  return { exitCode, stdout, stderr };
};
