import type { AnyRoute } from '../../../apps/gateway/src/route/route.js';
import type { HttpClient } from '../../harness/http-client.js';
import type { TestCluster } from '../../harness/test-cluster.js';
import { type Cell, cellsOf } from './cells.js';
import { holdTasks, prepareSide, type Side } from './sides.js';

/** What names the dataset, or who asks; the rest of a request's targets are objects in the dataset. */
const NAMES: readonly string[] = [
  ...['dataset_id', 'own_dataset_id', 'username', 'own_username', 'group', 'groupname'],
  ...['credential_user', 'credential_group', 'credential_dataset'],
];

const datasetOf = ({ targets }: Side): string => targets['dataset_id']?.[0] ?? '';

/** Everything that administrators see of a dataset. */
const contentOf = async (admin: HttpClient, side: Side): Promise<readonly unknown[]> => {
  const [id, task] = [datasetOf(side), side.targets['task_id']?.[0] ?? ''];
  const paths = ['', '/config', '/jobs', '/tasks', '/files', '/credentials', '/bulk/task_stats', `/tasks/${task}/logs`];
  return Promise.all(paths.map((path) => admin.get(`/datasets/${id}${path}`)));
};

/** Requests that name a dataset in which the caller may do everything, and objects of another one. */
export interface Crossed {
  readonly cells: readonly Cell[];
  readonly other: Side;
  /** What can be seen of the other dataset. */
  readonly content: () => Promise<readonly unknown[]>;
}

export const prepareCrossed = async (cluster: TestCluster, routes: readonly AnyRoute[]): Promise<Crossed> => {
  const { cairn, admin, anonymous } = cluster;
  const own = await prepareSide(cluster, 'alice', 'simprod');
  const foreign = await prepareSide(cluster, 'carol', 'filtering');
  const named = Object.fromEntries(NAMES.map((name) => [name, own.targets[name] ?? []]));
  const side: Side = { ...own, targets: { ...foreign.targets, ...named } };
  const worker = anonymous.as(await cairn.token({ username: 'holder of others', roles: ['worker'] }));
  await holdTasks(cluster, worker, own, 1);
  const callers = [
    { name: 'owner', client: cluster.alice, relationTo: (about: Side) => (about === side ? 'owner' : 'other') },
    { name: 'worker', client: worker, relationTo: (about: Side) => (about === side ? 'holder' : 'worker') },
  ] as const;
  return {
    // Requests do not hold the id of the other dataset, but documents of its objects do.
    cells: cellsOf(routes, callers, side, [foreign, { ...foreign, secret: datasetOf(foreign) }]),
    other: foreign,
    content: () => contentOf(admin, foreign),
  };
};
