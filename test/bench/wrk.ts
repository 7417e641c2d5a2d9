import { spawn } from 'node:child_process';
import { numberIn } from '../harness/json-fields.js';

/** How to get the load generator. */
export const WRK_MISSING = 'The bench needs wrk: apt-get install wrk';

export interface Load {
  readonly url: string;
  /** In `test/bench/lua`. */
  readonly script: string;
  readonly args?: readonly string[];
  /** In the environment of wrk, because others can read its command line. */
  readonly token?: string;
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers of 400 and above. */
  readonly refused: number;
  /** Connections and answers that went wrong. */
  readonly broken: number;
  /** What the script counted, per second. */
  readonly countedPerSecond: number;
  readonly counted: number;
}

const output = (command: string, args: readonly string[], token?: string): Promise<string> =>
  new Promise((settle, refuse) => {
    const env = { ...process.env, ...(token !== undefined && { TOKEN: token }) };
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (part: Buffer) => (text += part.toString()));
    child.once('error', refuse);
    child.once('close', (code) => {
      if (code === 0) settle(text);
      else refuse(new Error(`${command} ended with code ${String(code)}`));
    });
  });

export const hasWrk = async (): Promise<boolean> => {
  try {
    // It prints its version and ends with 1.
    await output('wrk', ['--version']);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ENOENT');
  }
};

/** One run of wrk with one thread. */
export const generate = async ({ url, script, args = [], token, connections, seconds }: Load): Promise<LoadResult> => {
  const options = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '20s', '-s', `test/bench/lua/${script}`];
  const text = await output('wrk', [...options, url, '--', ...args], token);
  const line = /^RESULT (.*)$/m.exec(text)?.[1];
  if (line === undefined) throw new Error(`unexpected output of wrk: ${text}`);
  const result: unknown = JSON.parse(line);
  const took = numberIn(result, 'seconds');
  const counted = numberIn(result, 'counted');
  return {
    perSecond: numberIn(result, 'requests') / took,
    p50Ms: numberIn(result, 'p50Ms'),
    p99Ms: numberIn(result, 'p99Ms'),
    refused: numberIn(result, 'refused'),
    broken: numberIn(result, 'broken'),
    counted,
    countedPerSecond: counted / took,
  };
};
