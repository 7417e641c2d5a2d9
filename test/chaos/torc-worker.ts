import { type Document, documentIn, itemsIn, jobsIn, keyOf, revisionOf } from '../compat/torc/answers.js';
import { type TorcAnswer, TorcClient } from '../compat/torc/torc-client.js';
import { NODE, Workflow } from '../compat/torc/workflow.js';
import type { HttpClient } from '../harness/http-client.js';
import { LossyClient, type LossyOperation, whenAvailable } from './lossy-client.js';
import type { Random } from './random.js';

interface Operation extends LossyOperation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: Document;
  /** Answers of a repeat that show that the lost request was carried out, besides 200. */
  readonly isDone?: (answer: TorcAnswer) => boolean;
  /** Updates what is expected. */
  readonly onAnswer: (answer: TorcAnswer) => void;
}

const JOBS_MAX = 60;
const DUPLICATE_KEY = 1210;

/**
 * A client of Torc that changes a workflow of its own and records what was acknowledged. After a lost answer it does what
 * Torc's clients can do: it sends the same request again, without a key that would name it (contract 1.4, 1.8).
 */
export class TorcWorker extends LossyClient<Operation, TorcAnswer> {
  private readonly torc: TorcClient;
  /** Documents by path, as they were answered last. */
  private readonly files = new Map<string, Document>();
  private readonly jobs = new Map<string, Document>();
  private workflow: Workflow | undefined;
  private node = '';
  private results = 0;
  private starts = 0;
  private sequence = 0;

  constructor(client: HttpClient, name: string, random: Random) {
    super(name, random);
    this.torc = new TorcClient(client);
  }

  /** Compares everything that the API shows of the workflow with what is expected. */
  async check(): Promise<void> {
    const { workflow } = this;
    if (workflow === undefined) return;
    const read = async (path: string): Promise<readonly Document[]> =>
      itemsIn(await whenAvailable(() => workflow.get(path)));
    const byKey = (documents: Iterable<Document>): Readonly<Record<string, Document>> =>
      Object.fromEntries([...documents].map((each) => [keyOf(each), each]));
    expect({ worker: this.name, files: byKey(await read('/files')) }).toEqual({
      ...{ worker: this.name, files: byKey(this.files.values()) },
    });
    expect({ worker: this.name, jobs: byKey(await read('/jobs')) }).toEqual({
      ...{ worker: this.name, jobs: byKey(this.jobs.values()) },
    });
    const counts = await Promise.all(
      ['/results', '/edges/returned', '/edges/executed', '/events'].map(async (path) => (await read(path)).length),
    );
    expect({ worker: this.name, counts }).toEqual({
      ...{ worker: this.name, counts: [this.results, this.results, this.starts, this.results + this.starts] },
    });
  }

  protected send({ method, path, body }: Operation): Promise<TorcAnswer> {
    return this.torc.send(method, path, body === undefined ? undefined : JSON.stringify(body));
  }

  protected override async sendAgain(operation: Operation): Promise<TorcAnswer> {
    const answer = await super.sendAgain(operation);
    return operation.isDone?.(answer) === true ? { ...answer, status: 200 } : answer;
  }

  protected accept({ method, path, onAnswer }: Operation, answer: TorcAnswer): void {
    if (answer.status !== 200) throw new Error(`${this.name}: ${method} ${path}: ${JSON.stringify(answer)}`);
    onAnswer(answer);
  }

  protected choose(): Operation {
    const { workflow } = this;
    if (workflow === undefined) return this.addWorkflow();
    if (this.node === '') return this.addNode(workflow);
    return this.oneOf([
      () => this.addFile(workflow),
      () => this.amendFile(workflow),
      () => this.deleteFile(workflow),
      () => this.addJob(workflow),
      () => this.claim(workflow),
      () => this.start(workflow),
      () => this.complete(workflow),
      () => this.complete(workflow),
    ]);
  }

  private nextKey(): string {
    this.sequence += 1;
    return `${this.name}-${this.sequence}`;
  }

  private readonly isTaken = ({ status, json }: TorcAnswer): boolean =>
    status === 400 && (json as { errorNum?: unknown }).errorNum === DUPLICATE_KEY;

  private addWorkflow(): Operation {
    const key = `chaos-${this.name}`;
    return {
      ...{ method: 'POST', path: '/workflows', body: { user: this.name, name: 'chaos', _key: key } },
      onAnswer: () => {
        this.workflow = new Workflow(this.torc, key);
      },
      isDone: this.isTaken,
    };
  }

  private addNode(workflow: Workflow): Operation {
    return {
      ...{ method: 'POST', path: workflow.at('/compute_nodes'), body: { ...NODE, _key: 'node' }, isDone: this.isTaken },
      onAnswer: () => {
        this.node = 'node';
      },
    };
  }

  private addFile(workflow: Workflow): Operation {
    const key = this.nextKey();
    const store = (answer: TorcAnswer): void => this.store(this.files, documentIn(answer));
    return {
      ...{ method: 'POST', path: workflow.at('/files'), body: { name: 'n', path: 'p', _key: key } },
      onAnswer: store,
      onLoss: () => this.addedAgain(workflow.at('/files'), { name: 'n', path: 'p', _key: key }, store),
    };
  }

  private addJob(workflow: Workflow): Operation | undefined {
    if (this.jobs.size >= JOBS_MAX) return undefined;
    const body = { command: 'c', status: 'ready', _key: this.nextKey() };
    const store = (answer: TorcAnswer): void => this.store(this.jobs, documentIn(answer));
    return {
      ...{ method: 'POST', path: workflow.at('/jobs'), body, onAnswer: store },
      onLoss: () => this.addedAgain(workflow.at('/jobs'), body, store),
    };
  }

  /** Adds a document again whose key tells whether it is there already. */
  private async addedAgain(path: string, body: Document, store: (answer: TorcAnswer) => void): Promise<void> {
    const answer = await whenAvailable(() => this.torc.post(path, body));
    if (answer.status === 200) store(answer);
    else if (this.isTaken(answer)) store(await whenAvailable(() => this.torc.get(`${path}/${keyOf(body)}`)));
    else throw new Error(`${this.name}: POST ${path}: ${JSON.stringify(answer)}`);
  }

  private amendFile(workflow: Workflow): Operation | undefined {
    const file = this.random.pick([...this.files.values()]);
    if (file === undefined) return undefined;
    return {
      ...{ method: 'PUT', path: workflow.at(`/files/${keyOf(file)}`) },
      body: { ...file, st_mtime: this.random.below(1_000_000) },
      onAnswer: (answer) => this.store(this.files, documentIn(answer)),
    };
  }

  private deleteFile(workflow: Workflow): Operation | undefined {
    const file = this.files.size > 5 ? this.random.pick([...this.files.values()]) : undefined;
    if (file === undefined) return undefined;
    return {
      ...{ method: 'DELETE', path: workflow.at(`/files/${keyOf(file)}`) },
      onAnswer: () => this.files.delete(keyOf(file)),
    };
  }

  private with(status: string): Document | undefined {
    return this.random.pick([...this.jobs.values()].filter((job) => job['status'] === status));
  }

  private claim(workflow: Workflow): Operation | undefined {
    if (this.with('ready') === undefined) return undefined;
    return {
      ...{ method: 'POST', path: workflow.at('/prepare_next_jobs_for_submission?limit=2') },
      onAnswer: (answer) => {
        const claimed = jobsIn(answer);
        if (claimed.length === 0) throw new Error(`${this.name}: nothing was claimed`);
        for (const job of claimed) this.take(job);
      },
      // The jobs of a lost claim stay claimed (contract 5.3): they are found by their status.
      onLoss: async () => {
        const claimed = itemsIn(await whenAvailable(() => workflow.get('/jobs?status=submitted_pending')));
        for (const job of claimed) if (this.jobs.get(keyOf(job))?.['status'] === 'ready') this.take(job);
      },
    };
  }

  private take(job: Document): void {
    if (this.jobs.get(keyOf(job))?.['status'] !== 'ready')
      throw new Error(`${keyOf(job)} was claimed but is not ready`);
    this.store(this.jobs, job);
  }

  private start(workflow: Workflow): Operation | undefined {
    const job = this.with('submitted_pending');
    if (job === undefined) return undefined;
    return {
      ...{ method: 'PUT', path: workflow.at(`/jobs/${keyOf(job)}/start_job/${revisionOf(job)}/0/${this.node}`) },
      onAnswer: (answer) => {
        this.starts += 1;
        this.store(this.jobs, documentIn(answer));
      },
    };
  }

  private complete(workflow: Workflow): Operation | undefined {
    const job = this.with('submitted');
    if (job === undefined) return undefined;
    const code = this.random.below(2);
    return {
      method: 'POST',
      path: workflow.at(`/jobs/${keyOf(job)}/complete_job/done/${revisionOf(job)}/0/${this.node}`),
      body: {
        ...{ job_key: keyOf(job), run_id: 0, return_code: code, exec_time_minutes: 0.5, completion_time: 't' },
        status: 'done',
      },
      onAnswer: (answer) => {
        this.results += 1;
        this.store(this.jobs, documentIn(answer));
      },
    };
  }

  private store(documents: Map<string, Document>, document: Document): void {
    documents.set(keyOf(document), document);
  }
}
