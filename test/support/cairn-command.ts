import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';

/** Runs a command of `cairn` as a user does, beside the running server; resolves with what it printed. */
export const cairnCommand = async (
  { dataDir }: { readonly dataDir: string },
  words: readonly string[],
  input = '',
): Promise<string> => {
  const child = spawn(process.execPath, [resolve('dist/apps/cairn/src/main.js'), ...words], {
    env: { ...process.env, CAIRN_DATA_DIR: dataDir },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(input);
  return (await text(child.stdout)).trim();
};
