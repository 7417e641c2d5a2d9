import { Environment } from '#platform/environment.js';
import { CAIRN_PROGRAM } from '#platform/program-path.js';
import { claimsGranting } from '#platform/tokens/claims.js';
import { SigningKey } from '#platform/tokens/signing-key.js';
import { startCairn } from '../demo/child.js';
import { FailureLimit } from '../worker/failure-limit.js';
import { Unreachable } from '../worker/http-client.js';
import { FixedToken, type TokenSource } from '../worker/token-source.js';
import { RUN_VARIABLE } from './earlier-processes.js';
import { type KeptServer, keepRunning, type Server } from './keep-running.js';
import { serverLog } from './server-log.js';
import type { StateFolder } from './state-folder.js';
import { loginName } from './torc-workflow.js';

/** Longer than any run. */
const TOKEN_SECONDS = 366 * 86_400;
/** A server that ends so often in a row soon after its start is not started again: the pauses take a minute by then. */
const QUICK_ENDS_MAX = 6;

/** A Cairn that serves one runner. */
export interface EmbeddedServer extends KeptServer {
  readonly token: TokenSource;
  /** Base URL for Torc clients in jobs, with the token in it. */
  readonly urlForJobs: string;
}

/**
 * Starts Cairn on a free port of the loopback interface, on the data in the folder of the run. It has a process of its own, and ends
 * with this one, however that ends. When it ends by itself, as processes do that take too much memory, it is started again, but not for ever.
 *
 * @param run marks the process, so that a later runner can wait for its end
 * @throws Unreachable when it does not start
 */
export const startEmbeddedServer = async (
  state: StateFolder,
  run: string,
  note: (line: string) => void,
): Promise<EmbeddedServer> => {
  const log = serverLog(state.serverLog, note);
  // Settings of another Cairn on this machine are none of ours.
  const unset = Object.fromEntries(Object.keys(new Environment()).map((name) => [name, undefined]));
  const start = (port: string): Promise<Server> =>
    startCairn({
      script: CAIRN_PROGRAM,
      words: ['serve', '--until-stdin-ends'],
      dataDir: state.dataDir,
      environment: {
        ...unset,
        ...{ PORT: port, HOST: '127.0.0.1', LOG_LEVEL: 'warn', CAIRN_AUTOMATION: 'off', TORC_ACCESS: 'token' },
        [RUN_VARIABLE]: run,
      },
      onErrorLine: log,
      isApart: true,
    });
  const failures = new FailureLimit(
    QUICK_ENDS_MAX,
    (times) => `it has ended ${times} times in a row soon after its start (see ${state.serverLog})`,
  );
  const cairn = await keepRunning(start, failures, note).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Unreachable(`the server of this run does not start: ${reason} (see ${state.serverLog})`);
  });
  const key = await SigningKey.open(state.dataDir);
  const claims = claimsGranting({ username: loginName(), roles: ['user'], groups: ['users'] });
  const token = await key.sign(claims, TOKEN_SECONDS);
  return {
    url: cairn.url,
    lost: cairn.lost,
    token: new FixedToken(token),
    urlForJobs: `${cairn.url}/t/${token}/_db/torc/torc-service`,
    [Symbol.asyncDispose]: () => cairn[Symbol.asyncDispose](),
  };
};
