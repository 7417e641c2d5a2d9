import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mode, Variables } from '../../harness/cairn-process.js';
import { type GetTestCluster, useTestCluster, VARIABLES } from '../../harness/test-cluster.js';
import { PandaClient } from './panda-client.js';

/** The operator's document of the suites (PanDA contract 10.1). */
const DOCUMENT = {
  queues: {
    SITE_A: {
      ...{ site: 'SITE_A', type: 'unified', corecount: 8, maxrss: 16000, maxwdir: 50000, maxtime: 86400 },
      harvester: 'harv-1',
      queues: [{ ce_endpoint: 'ce1:9619', ce_state: 'ACTIVE', ce_flavour: 'htcondor-ce' }],
    },
  },
  users: {
    'Demo User': { flags: 'k', email: 'demo@example.org' },
    'Bad User': { status: 'disabled' },
  },
  vos: {
    wlcg: {
      issuers: ['cairn'],
      client: { client_id: 'panda', client_secret: 's', audience: 'panda' },
    },
  },
};

/** Clients of a Cairn that runs for the tests of a `describe`. */
export interface PandaCluster {
  readonly cluster: GetTestCluster;
  /** Demo User, without a role. */
  readonly user: () => PandaClient;
  /** Other User, without a role. */
  readonly other: () => PandaClient;
  readonly production: () => PandaClient;
  readonly pilot: () => PandaClient;
  readonly anonymous: () => PandaClient;
  /** Demo User with this origin. */
  readonly demo: (origin: string) => PandaClient;
}

const GROUPS = ['wlcg', 'wlcg/production', 'wlcg/pilot'];

/** Starts Cairn with a document of one queue. */
export const usePanda = (mode: Pick<Mode, 'start'>, variables: Variables = VARIABLES): PandaCluster => {
  let folder = '';
  const cluster = useTestCluster(mode, async () => {
    folder = await mkdtemp(join(tmpdir(), 'cairn-panda-'));
    const file = join(folder, 'panda.json');
    await writeFile(file, JSON.stringify(DOCUMENT));
    return { ...variables, CAIRN_PANDA_CONFIG: file, PANDA_PILOT_SECRETS: 'Pilot Robot' };
  });
  const tokens = new Map<string, string>();

  beforeAll(async () => {
    const { cairn } = cluster();
    for (const [name, username] of [
      ['Demo User', 'duser'],
      ['Other User', 'ouser'],
      ['Pilot Robot', 'probot'],
    ] as const) {
      tokens.set(name, await cairn.token({ username, name, groups: GROUPS, lifetimeSeconds: 7200 }));
    }
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  const as = (name: string, origin: string): PandaClient =>
    new PandaClient(cluster().anonymous.as(tokens.get(name)), { origin });
  return {
    cluster,
    user: () => as('Demo User', 'wlcg'),
    other: () => as('Other User', 'wlcg'),
    production: () => as('Demo User', 'wlcg:production'),
    pilot: () => as('Pilot Robot', 'wlcg:pilot'),
    anonymous: () => new PandaClient(cluster().anonymous),
    demo: (origin) => as('Demo User', origin),
  };
};
