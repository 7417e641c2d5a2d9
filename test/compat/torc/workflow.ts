import { aKey, aRevision, type Document, documentIn, idOf, itemsIn, keyOf, revisionOf } from './answers.js';
import type { TorcAnswer, TorcClient } from './torc-client.js';

/** Resources of a worker on which everything fits. */
export const LARGE_WORKER = { num_cpus: 1000, memory_gb: 1000, num_gpus: 0, num_nodes: 1 };

/** A worker as it registers (contract 2.5). */
export const NODE = {
  hostname: 'node-07',
  pid: 4242,
  start_time: '2026-03-01 09:15:00.123456',
  is_active: true,
  resources: { num_cpus: 36, memory_gb: 92.5, num_gpus: 0, num_nodes: 1 },
  scheduler: { hostname: 'node-07', scheduler_type: 'local' },
};

/** `internal` of a job before the first initialization. */
export const NO_INTERNAL = {
  memory_bytes: 0,
  num_cpus: 0,
  num_gpus: 0,
  num_nodes: 0,
  runtime_seconds: 0,
  scheduler_config_id: '',
  hash: 0,
};

/** `internal` of a job without a resource group after initialization. */
export const DEFAULT_INTERNAL = {
  ...NO_INTERNAL,
  memory_bytes: 1_048_576,
  num_cpus: 1,
  num_nodes: 1,
  runtime_seconds: 60,
};

/** The configuration of a workflow for which none was given (contract 2.2). */
export const DEFAULT_CONFIG = {
  compute_node_resource_stats: {
    cpu: true,
    disk: false,
    memory: true,
    network: false,
    process: false,
    include_child_processes: true,
    recurse_child_processes: false,
    monitor_type: 'aggregation',
    make_plots: true,
    interval: 10,
  },
  compute_node_expiration_buffer_seconds: 120,
  compute_node_wait_for_new_jobs_seconds: 0,
  compute_node_ignore_workflow_completion: false,
  compute_node_wait_for_healthy_database_minutes: 20,
  prepare_jobs_sort_method: 'gpus_runtime_memory',
};

/** A job of a specification whose command is its name. */
export const job = (name: string, fields: Document = {}): Document => ({ name, command: name, ...fields });

export interface Completion {
  readonly status?: string;
  readonly revision?: string;
  readonly runId?: number;
}

/** Calls about one workflow. */
export class Workflow {
  private node: string | undefined;

  constructor(
    readonly torc: TorcClient,
    readonly key: string,
  ) {}

  get(path = ''): Promise<TorcAnswer> {
    return this.torc.get(this.at(path));
  }

  post(path: string, body?: unknown): Promise<TorcAnswer> {
    return this.torc.post(this.at(path), body);
  }

  put(path: string, body?: unknown): Promise<TorcAnswer> {
    return this.torc.put(this.at(path), body);
  }

  delete(path = '', body?: unknown): Promise<TorcAnswer> {
    return this.torc.delete(this.at(path), body);
  }

  at(path: string): string {
    return `/workflows/${this.key}${path}`;
  }

  /** The same workflow through another client. */
  through(torc: TorcClient): Workflow {
    return new Workflow(torc, this.key);
  }

  id(collection: string, key: string): string {
    return `${collection}__${this.key}/${key}`;
  }

  /** A stored document of this workflow, with a generated key unless `fields` has one. */
  stored(collection: string, fields: Document): Document {
    const key = fields['_key'];
    const id: unknown =
      typeof key === 'string' ? this.id(collection, key) : expect.stringContaining(`${collection}__${this.key}/`);
    return { _key: aKey, _id: id, _rev: aRevision, ...fields };
  }

  /** A job as it is answered, with the given differences to a new one. */
  storedJob(name: string, fields: Document = {}): Document {
    return this.stored('jobs', {
      ...{ name, command: name, status: 'uninitialized' },
      ...{ cancel_on_blocking_job_failure: true, supports_termination: false, internal: NO_INTERNAL },
      ...fields,
    });
  }

  async documents(collection: string): Promise<readonly Document[]> {
    return itemsIn(await this.get(`/${collection}`));
  }

  /** The document of that name. */
  async named(collection: string, name: string): Promise<Document> {
    const found = (await this.documents(collection)).find((document) => document['name'] === name);
    if (found === undefined) throw new Error(`${collection} of workflow ${this.key} have no ${name}`);
    return found;
  }

  job(name: string): Promise<Document> {
    return this.named('jobs', name);
  }

  /** Statuses of the jobs by their names. */
  async statuses(): Promise<Readonly<Record<string, unknown>>> {
    const jobs = await this.documents('jobs');
    return Object.fromEntries(jobs.map((each) => [String(each['name']), each['status']]));
  }

  async edges(name: string): Promise<readonly Document[]> {
    return itemsIn(await this.get(`/edges/${name}`));
  }

  async runId(): Promise<number> {
    return Number(documentIn(await this.get('/status'))['run_id']);
  }

  async initialize(query = ''): Promise<void> {
    await this.act(`/initialize_jobs${query}`);
  }

  /** An action that must succeed. */
  async act(path: string): Promise<void> {
    const answer = await this.post(path);
    if (answer.status !== 200) throw new Error(`POST ${path}: ${JSON.stringify(answer)}`);
  }

  /** Puts a run id into the status document, as starts and restarts do. */
  async startRun(runId: number): Promise<void> {
    const status = documentIn(await this.get('/status'));
    await this.written('/status', { ...status, run_id: runId });
  }

  /** Writes fields of a document of a collection. */
  async change(collection: string, name: string, fields: Document): Promise<Document> {
    const document = await this.named(collection, name);
    return this.written(`/${collection}/${keyOf(document)}`, { ...document, ...fields });
  }

  /** Writes a status by hand, with no effect on other jobs. */
  setStatus(name: string, status: string): Promise<Document> {
    return this.change('jobs', name, { status });
  }

  async written(path: string, body: Document): Promise<Document> {
    const answer = await this.put(path, body);
    if (answer.status !== 200) throw new Error(`PUT ${path}: ${JSON.stringify(answer)}`);
    return documentIn(answer);
  }

  async added(collection: string, body: Document): Promise<Document> {
    const answer = await this.post(`/${collection}`, body);
    if (answer.status !== 200) throw new Error(`POST ${collection}: ${JSON.stringify(answer)}`);
    return documentIn(answer);
  }

  /** The key of the worker with which tests start and complete jobs. */
  async nodeKey(): Promise<string> {
    this.node ??= keyOf(await this.added('compute_nodes', NODE));
    return this.node;
  }

  claim(resources: Document = LARGE_WORKER, query = ''): Promise<TorcAnswer> {
    return this.post(`/prepare_jobs_for_submission${query}`, resources);
  }

  /** `start_job` with the revision of a job as it was answered before. */
  async start(claimed: Document, runId?: number): Promise<TorcAnswer> {
    const node = encodeURIComponent(this.id('compute_nodes', await this.nodeKey()));
    return this.put(
      `/jobs/${keyOf(claimed)}/start_job/${revisionOf(claimed)}/${runId ?? (await this.runId())}/${node}`,
    );
  }

  async result(of: Document, returnCode: number, { status = 'done', runId }: Completion = {}): Promise<Document> {
    return {
      job_key: keyOf(of),
      run_id: runId ?? (await this.runId()),
      return_code: returnCode,
      exec_time_minutes: 0.25,
      completion_time: '2026-03-01T09:27:31.004512',
      status,
    };
  }

  /** `complete_job` for a job by name, as it is now unless a revision is given. */
  async complete(name: string, returnCode = 0, completion: Completion = {}): Promise<TorcAnswer> {
    const { status = 'done' } = completion;
    const document = await this.job(name);
    const runId = completion.runId ?? (await this.runId());
    const path = `${status}/${completion.revision ?? revisionOf(document)}/${runId}/${await this.nodeKey()}`;
    return this.post(
      `/jobs/${encodeURIComponent(idOf(document))}/complete_job/${path}`,
      await this.result(document, returnCode, { ...completion, runId }),
    );
  }

  /** Completes a job, which must succeed. */
  async completed(name: string, returnCode = 0, completion: Completion = {}): Promise<Document> {
    const answer = await this.complete(name, returnCode, completion);
    if (answer.status !== 200) throw new Error(`completion of ${name}: ${JSON.stringify(answer)}`);
    return documentIn(answer);
  }
}

/** A workflow from a specification that must be accepted. */
export const newWorkflow = async (torc: TorcClient, specification: Document = {}): Promise<Workflow> => {
  const answer = await torc.post('/workflow_specifications', { name: 'tested', user: 'sim-team', ...specification });
  if (answer.status !== 200) throw new Error(`specification: ${JSON.stringify(answer)}`);
  return new Workflow(torc, keyOf(documentIn(answer)));
};

/** As {@link newWorkflow}, initialized. */
export const initialized = async (torc: TorcClient, specification: Document): Promise<Workflow> => {
  const workflow = await newWorkflow(torc, specification);
  await workflow.initialize();
  return workflow;
};
