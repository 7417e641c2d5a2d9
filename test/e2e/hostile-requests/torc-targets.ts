import { documentIn, idOf, itemsIn, jobsIn, keyOf, revisionOf } from '../../compat/torc/answers.js';
import { SAMPLES } from '../../compat/torc/collections.js';
import { TorcClient } from '../../compat/torc/torc-client.js';
import { job, newWorkflow, NODE, type Workflow } from '../../compat/torc/workflow.js';
import type { HttpClient } from '../../harness/http-client.js';
import type { Targets } from './example.js';

/** How many documents of a kind are created where requests delete them. */
const DELETED_MAX = 3;

export const COLLECTIONS: readonly string[] = [...SAMPLES.map(({ collection }) => collection), 'events'];

export const leastOf = (collection: string): object =>
  SAMPLES.find((sample) => sample.collection === collection)?.least ?? { category: 'x' };

/** Documents of each collection: some to read, one to write, some to delete. */
const documentsOf = async (workflow: Workflow): Promise<Targets> => {
  const targets: Record<string, readonly string[]> = {};
  for (const collection of COLLECTIONS) {
    const made = [];
    for (let count = 0; count < 2 + DELETED_MAX; count += 1) {
      made.push(await workflow.added(collection, { ...leastOf(collection) }));
    }
    const [read = {}, written = {}, ...deleted] = made;
    targets[`torc_${collection}`] = [keyOf(read), idOf(read)];
    targets[`torc_put_${collection}`] = [keyOf(written)];
    targets[`torc_revision_${collection}`] = [revisionOf(written)];
    targets[`torc_deleted_${collection}`] = deleted.map(keyOf);
  }
  return targets;
};

/** Jobs in the statuses that routes about one job need. */
const jobsOf = async (workflow: Workflow): Promise<Targets> => {
  const added = documentIn(
    await workflow.post('/bulk_jobs', {
      jobs: ['claimed', 'running', 'managed', 'finished'].map((name) => ({ ...job(name), status: 'ready' })),
    }),
  );
  const [, , managed = {}] = itemsIn({ status: 200, json: added });
  const [claimed = {}, running = {}] = jobsIn(await workflow.claim(undefined, '?limit=2&sort_method=none'));
  const started = documentIn(await workflow.start(running, 0));
  await workflow.completed('finished', 0, { runId: 0 });
  return {
    ...{ torc_claimed: [keyOf(claimed)], torc_claimed_revision: [revisionOf(claimed)] },
    ...{ torc_running: [keyOf(started)], torc_running_revision: [revisionOf(started)] },
    ...{ torc_managed: [keyOf(managed)], torc_managed_revision: [revisionOf(managed)] },
    torc_finished: [keyOf(await workflow.job('finished'))],
    torc_node: [await workflow.nodeKey()],
  };
};

const edgesOf = async (
  workflow: Workflow,
  { torc_jobs: jobs = [], torc_files: files = [] }: Targets,
): Promise<Targets> => {
  const [[, from = ''], [, to = '']] = [jobs, files];
  const edges = [];
  for (let count = 0; count <= DELETED_MAX; count += 1) {
    edges.push(keyOf(await workflow.added('edges/produces', { _from: from, _to: to })));
  }
  return { torc_edges: edges.slice(0, 1), torc_deleted_edges: edges.slice(1), torc_from: [from], torc_to: [to] };
};

/** Creates workflows with documents of each kind, for requests to all of Torc's routes. */
export const prepareTorcTargets = async (client: HttpClient): Promise<Targets> => {
  const torc = new TorcClient(client, '');
  const workflow = await newWorkflow(torc);
  const documents = await documentsOf(workflow);
  const jobs = await jobsOf(workflow);
  const edges = await edgesOf(workflow, documents);
  const emptied = await newWorkflow(torc, { jobs: [job('a')] });
  const tuned = await newWorkflow(torc, { config: { compute_node_resource_stats: { process: true } } });
  const acting = await newWorkflow(torc, {
    actions: [{ trigger_type: 'on_workflow_start', action_type: 'run_commands', commands: ['true'] }],
  });
  await acting.startRun(1);
  await torc.post(`/cairn/torc/workflows/${acting.key}/actions/1/claim`, { worker: 'w' });
  const written = documentIn(await (await newWorkflow(torc)).get());
  const deleted: string[] = [];
  for (let count = 0; count < DELETED_MAX; count += 1) deleted.push((await newWorkflow(torc)).key);
  const keys = COLLECTIONS.flatMap((collection) => documents[`torc_${collection}`] ?? []);
  return {
    ...{ ...documents, ...jobs, ...edges, workflow: [workflow.key], key: [workflow.key, ...keys] },
    ...{
      rr_key: documents['torc_resource_requirements'] ?? [],
      compute_node_key: [keyOf({ _key: jobs['torc_node']?.[0] })],
    },
    ...{ rev: jobs['torc_running_revision'] ?? [], run_id: ['0', '0.0', '1'], timestamp: ['0', '1.5'] },
    ...{
      collection: ['jobs', 'files'],
      edge: ['produces', 'blocks'],
      torc_edge: ['produces'],
      torc_graph: ['job_job_dependencies'],
    },
    ...{
      torc_final: ['done'],
      torc_open: ['disabled'],
      torc_run: ['0'],
      torc_timestamp: ['0'],
      torc_collection: ['jobs'],
    },
    ...{
      torc_workflow: [workflow.key, `workflows/${workflow.key}`],
      torc_emptied: [emptied.key],
      torc_filled: [(await newWorkflow(torc)).key],
      torc_tuned: [tuned.key],
      torc_shared: [(await newWorkflow(torc)).key],
    },
    ...{ torc_written: [keyOf(written)], torc_written_revision: [revisionOf(written)], torc_deleted: deleted },
    torc_config: [keyOf(documentIn(await emptied.get('/config')))],
    torc_status: [keyOf(documentIn(await emptied.get('/status')))],
    ...{ torc_acting: [acting.key], torc_action: ['1'] },
    torc_hostname: [NODE.hostname],
  };
};
