import { Agent } from 'node:http';
import { HttpClient } from '../../harness/http-client.js';
import type { Mode } from '../../harness/cairn-process.js';
import { type GetTestCluster, useTestCluster, VARIABLES } from '../../harness/test-cluster.js';
import { TorcClient } from './torc-client.js';

/** Another address of this machine. */
const OTHER_ADDRESS = '127.0.0.2';

/** Clients of Torc have no tokens: only an embedded Cairn lets them in by default. */
const TORC_VARIABLES = { ...VARIABLES, TORC_ACCESS: 'open' };

/** A Cairn that runs for the tests of a `describe`, and clients of it. */
export interface TorcCluster {
  readonly cluster: GetTestCluster;
  readonly torc: () => TorcClient;
  /** A client on another machine, as far as the server can see. */
  readonly otherAddress: () => TorcClient;
}

export const useTorc = (mode: Pick<Mode, 'start'>): TorcCluster => {
  const cluster = useTestCluster(mode, () => TORC_VARIABLES);
  let elsewhere: HttpClient | undefined;

  beforeAll(() => {
    const agent = new Agent({ keepAlive: true, maxSockets: 8, localAddress: OTHER_ADDRESS });
    elsewhere = new HttpClient(cluster().cairn, undefined, agent);
  });

  afterAll(() => elsewhere?.close());

  return {
    cluster,
    torc: () => new TorcClient(cluster().anonymous),
    otherAddress: () => new TorcClient(elsewhere ?? cluster().anonymous),
  };
};
