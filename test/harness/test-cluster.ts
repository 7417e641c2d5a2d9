import type { Cairn, Mode, Variables } from './cairn-process.js';
import { HttpClient } from './http-client.js';

export const SHARED_SECRET = 'secret of the end-to-end tests';

/** Variables with which most suites start Cairn. */
export const VARIABLES = { AUTH_SHARED_SECRET: SHARED_SECRET };

/** A running Cairn and clients with the tokens of different people. */
export interface TestCluster {
  readonly cairn: Cairn;
  readonly admin: HttpClient;
  readonly system: HttpClient;
  readonly pilot: HttpClient;
  /** Plain user of the groups `simprod` and `users`. */
  readonly alice: HttpClient;
  /** Plain user of the group `users`. */
  readonly bob: HttpClient;
  /** Has a valid token without a role. */
  readonly nobody: HttpClient;
  readonly anonymous: HttpClient;
}

export const openTestCluster = async (cairn: Cairn): Promise<TestCluster> => {
  const anonymous = new HttpClient(cairn, undefined);
  const client = async (username: string, roles: readonly string[], groups: readonly string[] = []) =>
    anonymous.as(await cairn.token({ username, roles, groups }));
  return {
    cairn,
    anonymous,
    admin: await client('root', ['admin']),
    system: await client('grid', ['system']),
    pilot: await client('pilot-1', ['pilot']),
    alice: await client('alice', ['user'], ['simprod']),
    bob: await client('bob', ['user']),
    nobody: await client('nobody', []),
  };
};

/** Specs get the cluster through a function, because it exists only while their tests run. */
export type GetTestCluster = () => TestCluster;

/**
 * Runs a Cairn for the tests of the `describe` that calls this.
 *
 * @param prepare resolves with the variables that Cairn starts with; it may start servers that they name
 */
export const useTestCluster = (
  { start }: Pick<Mode, 'start'>,
  prepare: () => Variables | Promise<Variables> = () => VARIABLES,
): GetTestCluster => {
  let opened: TestCluster | undefined;

  beforeAll(async () => {
    opened = await openTestCluster(await start(await prepare()));
  });

  afterAll(async () => {
    opened?.anonymous.close();
    await opened?.cairn.remove();
  });

  return () => {
    if (opened === undefined) throw new Error('Cairn is not running');
    return opened;
  };
};
