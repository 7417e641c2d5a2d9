import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { OutputFile } from '../worker/output-file.js';
import { type EndSignals, type Outcome, runProcess } from '../worker/run-process.js';
import { noSandbox } from '../worker/sandbox/sandbox.js';

export interface ScriptRun extends Outcome {
  /** The end of what it wrote to stderr. */
  readonly lastWords: string;
}

interface ScriptOptions {
  readonly workdir: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Folder and beginning of the names of the files with its output. */
  readonly outputs: string;
  readonly name: string;
  readonly end: EndSignals;
  readonly killAfterMs?: number;
}

const LAST_WORDS_MAX = 300;

/** Runs a command line in a shell; what it prints goes to `NAME.out` and `NAME.err`, which exist only when there is something. */
export const runScript = async (script: string, options: ScriptOptions): Promise<ScriptRun> => {
  const { workdir, environment, outputs, name, end, killAfterMs } = options;
  const stdout = new OutputFile(join(outputs, `${name}.out`), Infinity);
  const stderr = new OutputFile(join(outputs, `${name}.err`), Infinity);
  const outcome = await runProcess(['sh', '-c', script], {
    folders: { work: workdir, temporary: tmpdir() },
    sandbox: noSandbox,
    environment,
    stdout,
    stderr,
    end,
    ...(killAfterMs !== undefined && { killAfterMs }),
  });
  for (const output of [stdout, stderr]) {
    output.end();
    await finished(output);
  }
  return { ...outcome, lastWords: stderr.lastWords(LAST_WORDS_MAX) };
};
