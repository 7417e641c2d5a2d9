import { newTask, unsubmitted } from '../../compat/iceprod/fixtures.js';
import type { HttpClient } from '../../harness/http-client.js';
import type { TestCluster } from '../../harness/test-cluster.js';
import type { Targets } from '../hostile-requests/example.js';
import { prepareTargets } from '../hostile-requests/targets.js';

/** A dataset that only its group may read, and all that belongs to it. */
export interface Side {
  readonly owner: string;
  readonly group: string;
  /** Is in whatever text the dataset stores, and nowhere else. */
  readonly secret: string;
  readonly targets: Targets;
}

/** More than all callers together claim of tasks of one status that belong to no side. */
const CLAIMS_MAX = 20;

export const prepareSide = async (cluster: TestCluster, owner: string, group: string): Promise<Side> => {
  const { cairn, admin, system, anonymous } = cluster;
  const client = anonymous.as(await cairn.token({ username: owner, roles: ['user'], groups: [group] }));
  const secret = `text of the group ${group}`;
  const targets = await prepareTargets(cluster, {
    ...{ client, username: owner, group },
    ...{ dataset: { auth_groups_read: [] }, text: secret },
  });
  const [[datasetId = ''] = [], [taskId = ''] = []] = [targets['own_dataset_id'], targets['task_id']];
  const key = { url: 'https://s3.example', type: 's3', buckets: ['b'], access_key: 'k', secret_key: secret };
  for (const path of [`/users/${owner}`, `/groups/${group}`, `/datasets/${datasetId}`]) {
    await admin.post(`${path}/credentials`, key);
  }
  // For all who may claim any: some routes take those that wait, others those that are queued.
  const statuses = Array.from({ length: CLAIMS_MAX }, () => ['waiting', 'queued']).flat();
  await Promise.all(statuses.map((status) => newTask(system, unsubmitted(), { status })));
  return {
    ...{ owner, group, secret },
    targets: {
      ...targets,
      dataset_id: [datasetId],
      task_id: [taskId],
      unit_id: [taskId],
      username: [owner],
      groupname: [group],
      credential_user: [owner],
      credential_group: [group],
      credential_dataset: [datasetId],
    },
  };
};

/** What only a worker with leases of the side's tasks may use; as many objects as there are routes that need one. */
export const holdTasks = async (
  { system }: TestCluster,
  worker: HttpClient,
  { targets }: Side,
  count: number,
): Promise<readonly Targets[]> => {
  const [datasetId = ''] = targets['dataset_id'] ?? [];
  const made: Targets[] = [];
  for (let index = 0; index < count; index += 1) {
    await newTask(system, datasetId, { status: 'waiting', job_index: 100 + index });
    const claim = await worker.post('/task_actions/queue', { query_params: { dataset_id: datasetId } });
    const { task_id: task, instance_id: instance } = claim.json as { task_id: string; instance_id: string };
    const description = { queue_host: 'h', queue_version: '1', resources: {}, tasks: [] };
    const pilot = (await worker.post('/pilots', description)).json as { result: string };
    const names = Object.keys(targets).filter((name) => name === 'task_id' || name.startsWith('task_to_'));
    made.push({
      ...targets,
      ...Object.fromEntries(names.map((name) => [name, [task]])),
      instance_id: [instance],
      pilot_id: [pilot.result],
    });
  }
  return made;
};
