import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Cairn } from './cairn-process.js';

/** A Cairn that `cairn replay --until` serves. */
export interface PastCairn {
  readonly url: string;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

const LISTENS = /^Cairn as it was at position \d+ .*listens on (http:\S+)$/;

/** Runs the command as an operator does, beside the running server, with the variables of its events service. */
export const startPastCairn = async (
  cairn: Pick<Cairn, 'dataDir' | 'variablesOf'>,
  until: string | number,
): Promise<PastCairn> => {
  const child = spawn(process.execPath, [resolve('dist/apps/cairn/src/main.js'), 'replay', '--until', String(until)], {
    env: { ...process.env, LOG_LEVEL: 'warn', ...cairn.variablesOf('events'), CAIRN_DATA_DIR: cairn.dataDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    const url = LISTENS.exec(line)?.[1];
    if (url === undefined) continue;
    return {
      url,
      stop: async (signal = 'SIGTERM') => {
        child.kill(signal);
        await ended;
      },
    };
  }
  throw new Error(`replay ended with code ${String((await ended)[0])}`);
};
