import type { Cairn, Mode, Variables } from './cairn-process.js';
import { HttpClient } from './http-client.js';

export const SHARED_SECRET = 'secret of the end-to-end tests';

/** Variables with which the suite starts Cairn. */
export const VARIABLES = { AUTH_SHARED_SECRET: SHARED_SECRET };

/** A running Cairn and people who use it. */
export interface World {
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

export const openWorld = async (cairn: Cairn): Promise<World> => {
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

export const ID = /^[0-9a-f]{32}$/;
export const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/;

/** Contexts of all tests of the main road get the world through this, because it exists only when they run. */
export type GetWorld = () => World;

type Fields = Readonly<Record<string, unknown>>;

const resultOf = (json: unknown): string => {
  const { result } = (json ?? {}) as { result?: unknown };
  if (typeof result !== 'string') throw new Error(`no result in ${JSON.stringify(json)}`);
  return result;
};

/** What a dataset is submitted with. */
export const DATASET = {
  description: 'muons',
  jobs_submitted: 10,
  tasks_submitted: 30,
  tasks_per_job: 3,
  group: 'simprod',
};

export const newDataset = async (client: HttpClient, fields: Fields = {}): Promise<string> =>
  resultOf((await client.post('/datasets', { ...DATASET, ...fields })).json);

export const newJob = async (client: HttpClient, datasetId: string, fields: Fields = {}): Promise<string> =>
  resultOf((await client.post('/jobs', { dataset_id: datasetId, job_index: 0, ...fields })).json);

export const TASK = { job_id: 'j', task_index: 0, job_index: 0, name: 'generate', depends: [], requirements: {} };

export const newTask = async (client: HttpClient, datasetId: string, fields: Fields = {}): Promise<string> =>
  resultOf((await client.post('/tasks', { dataset_id: datasetId, ...TASK, ...fields })).json);

let unknown = 0;
/** Id of a dataset that nobody has submitted: jobs and tasks may stand there all the same (contract 1.7). */
export const unsubmitted = (): string => `nobody-submitted-${String((unknown += 1))}`;

/**
 * Has a Cairn run, with its world, for the tests of the `describe` around it.
 *
 * @param prepare gives the variables that Cairn starts with; other servers that they name are started here
 */
export const useWorld = (
  { start }: Pick<Mode, 'start'>,
  prepare: () => Variables | Promise<Variables> = () => VARIABLES,
): GetWorld => {
  let opened: World | undefined;

  beforeAll(async () => {
    opened = await openWorld(await start(await prepare()));
  }, 90_000);

  afterAll(async () => {
    opened?.anonymous.close();
    await opened?.cairn.remove();
  }, 60_000);

  return () => {
    if (opened === undefined) throw new Error('Cairn is not running');
    return opened;
  };
};
