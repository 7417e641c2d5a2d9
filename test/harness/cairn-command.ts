import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Cairn } from './cairn-process.js';

/** Runs a command of `cairn` as an operator does, beside the running server; resolves with what it printed. */
export const runCommand = async (
  { dataDir }: Pick<Cairn, 'dataDir'>,
  words: readonly string[],
  input = '',
): Promise<string> => {
  const child = spawn(process.execPath, [resolve('dist/apps/cairn/src/main.js'), ...words], {
    env: { ...process.env, CAIRN_DATA_DIR: dataDir },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(input);
  const output = await text(child.stdout);
  return output.trim();
};
