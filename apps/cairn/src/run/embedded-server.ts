import { createWriteStream } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Environment } from '#platform/environment.js';
import { CAIRN_PROGRAM } from '#platform/program-path.js';
import { claimsGranting } from '#platform/tokens/claims.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import { type Child, startCairn } from '../demo/child.js';
import { FixedToken, type TokenSource } from '../worker/token-source.js';
import { RUN_VARIABLE } from './earlier-processes.js';
import type { StateFolder } from './state-folder.js';
import { loginName } from './torc-workflow.js';

/** Longer than any run. */
const TOKEN_SECONDS = 366 * 86_400;
/** Pause after a start that has failed. */
const RESTART_PAUSE_MS = 5_000;

/** A Cairn that serves one runner. */
export interface EmbeddedServer extends AsyncDisposable {
  readonly url: string;
  readonly token: TokenSource;
  /** Base URL for Torc clients in jobs, with the token in it. */
  readonly urlForJobs: string;
}

type Cairn = Child & { readonly url: string };

/** Starts a Cairn, and starts it again on its port whenever it ends before it is disposed of. */
const keepRunning = async (
  start: (port: string) => Promise<Cairn>,
  note: (line: string) => void,
): Promise<AsyncDisposable & { readonly url: string }> => {
  let cairn = await start('0');
  const { url } = cairn;
  const { port } = new URL(url);
  const stopped = new AbortController();
  const isStopped = (): boolean => stopped.signal.aborted;
  const keep = async (): Promise<void> => {
    for (;;) {
      const code = await cairn.ended;
      if (isStopped()) return;
      note(`the server of this run has ended with code ${code}: starts it again`);
      try {
        cairn = await start(port);
      } catch (error) {
        note(error instanceof Error ? error.message : String(error));
        await delay(RESTART_PAUSE_MS, undefined, { signal: stopped.signal }).catch(() => undefined);
      }
      if (isStopped()) await cairn.stop();
    }
  };
  const kept = keep();
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      stopped.abort();
      await cairn.stop();
      await kept;
    },
  };
};

/**
 * Starts Cairn on a free port of the loopback interface, on the data in the folder of the run. It has a process of its own, and ends
 * with this one, however that ends. When it ends by itself, as processes do that take too much memory, it is started again.
 *
 * @param run marks the process, so that a later runner can wait for its end
 */
export const startEmbeddedServer = async (
  state: StateFolder,
  run: string,
  note: (line: string) => void,
): Promise<EmbeddedServer> => {
  const log = createWriteStream(state.serverLog, { flags: 'a', mode: 0o600 });
  // Settings of another Cairn on this machine are none of ours.
  const unset = Object.fromEntries(Object.keys(new Environment()).map((name) => [name, undefined]));
  const start = (port: string): Promise<Cairn> =>
    startCairn({
      script: CAIRN_PROGRAM,
      words: ['serve', '--until-stdin-ends'],
      dataDir: state.dataDir,
      environment: {
        ...unset,
        ...{ PORT: port, HOST: '127.0.0.1', LOG_LEVEL: 'warn', CAIRN_AUTOMATION: 'off', TORC_ACCESS: 'token' },
        [RUN_VARIABLE]: run,
      },
      onErrorLine: (line) => log.write(`${line}\n`),
      isApart: true,
    });
  const cairn = await keepRunning(start, note);
  const key = await SigningKey.open(state.dataDir);
  const claims = claimsGranting({ username: loginName(), roles: ['user'], groups: ['users'] });
  const token = await key.sign(claims, TOKEN_SECONDS);
  return {
    url: cairn.url,
    token: new FixedToken(token),
    urlForJobs: `${cairn.url}/t/${token}/_db/torc/torc-service`,
    [Symbol.asyncDispose]: async () => {
      await cairn[Symbol.asyncDispose]();
      log.end();
    },
  };
};
