import { createWriteStream } from 'node:fs';
import { Environment } from '#platform/environment.js';
import { programPath } from '#platform/program-path.js';
import { claimsGranting } from '#platform/tokens/claims.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import { startCairn } from '../demo/child.js';
import { FixedToken, type TokenSource } from '../worker/token-source.js';
import { RUN_VARIABLE } from './earlier-processes.js';
import type { StateFolder } from './state-folder.js';
import { loginName } from './torc-workflow.js';

const MAIN = programPath('apps/cairn/src/main.js');
/** Longer than any run. */
const TOKEN_SECONDS = 366 * 86_400;

/** A Cairn that serves one runner. */
export interface EmbeddedServer extends AsyncDisposable {
  readonly url: string;
  readonly token: TokenSource;
  /** Base URL for Torc clients in jobs, with the token in it. */
  readonly urlForJobs: string;
}

/**
 * Starts Cairn on a free port of the loopback interface, on the data in the folder of the run. It has a process of its own, and ends
 * with this one, however that ends.
 *
 * @param run marks the process, so that a later runner can wait for its end
 */
export const startEmbeddedServer = async (state: StateFolder, run: string): Promise<EmbeddedServer> => {
  const log = createWriteStream(state.serverLog, { flags: 'a', mode: 0o600 });
  // Settings of another Cairn on this machine are none of ours.
  const unset = Object.fromEntries(Object.keys(new Environment()).map((name) => [name, undefined]));
  const cairn = await startCairn({
    script: MAIN,
    words: ['serve', '--until-stdin-ends'],
    dataDir: state.dataDir,
    environment: {
      ...unset,
      ...{ PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'warn', CAIRN_AUTOMATION: 'off', TORC_ACCESS: 'token' },
      [RUN_VARIABLE]: run,
    },
    onErrorLine: (line) => log.write(`${line}\n`),
    isApart: true,
  });
  const key = await SigningKey.open(state.dataDir);
  const claims = claimsGranting({ username: loginName(), roles: ['user'], groups: ['users'] });
  const token = await key.sign(claims, TOKEN_SECONDS);
  return {
    url: cairn.url,
    token: new FixedToken(token),
    urlForJobs: `${cairn.url}/t/${token}/_db/torc/torc-service`,
    [Symbol.asyncDispose]: async () => {
      await cairn.stop();
      log.end();
    },
  };
};
