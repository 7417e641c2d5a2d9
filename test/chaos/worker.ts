import type { Answer, HttpClient } from '../harness/http-client.js';
import { numberIn, textIn } from '../harness/json-fields.js';
import { LossyClient, type LossyOperation, whenAvailable } from './lossy-client.js';
import type { Random } from './random.js';

/** What the API must show of a task after the acknowledged changes. */
interface Expected {
  status: string;
  failures: number;
  priority: number;
  instance: string;
  stats: number;
}

interface Operation extends LossyOperation {
  readonly method: string;
  readonly path: string;
  readonly body: object;
  /** Idempotency key: a repeat after a lost answer must not change anything again. */
  readonly key: string;
  readonly status: number;
  /** Updates what is expected when the answer arrives. */
  readonly onAnswer: (text: string) => void;
}

const PROMOTED_AT_ONCE = 5;
const BULK_JOBS = 50;
/** Groups that may be granted read access. */
const GROUPS = ['users', 'simprod'];

/** The shape of a dataset that no other worker touches, so that what it must look like is known exactly. */
const DATASET = {
  description: 'chaos',
  jobs_submitted: 10,
  tasks_submitted: 10,
  tasks_per_job: 1,
  group: 'users',
};

/**
 * A client that makes one change after the other in a dataset of its own and records what was acknowledged. When an answer is
 * lost, it sends the same request with the same key again after the restart.
 */
export class Worker extends LossyClient<Operation, Answer> {
  private readonly tasks = new Map<string, Expected>();
  private readonly jobs: string[] = [];
  /** Site by id. */
  private readonly pilots = new Map<string, string>();
  private bulkTasks = 0;
  private dataset = '';
  private description = DATASET.description;
  private readers: readonly string[] = ['admin', DATASET.group];
  private sequence = 0;

  constructor(
    private readonly client: HttpClient,
    name: string,
    random: Random,
  ) {
    super(name, random);
  }

  /** Compares everything that the API shows of the dataset with what is expected. */
  async check(): Promise<void> {
    if (this.dataset === '') return;
    const of = `/datasets/${this.dataset}`;
    const [tasks, counts, byName, jobs, stats] = await Promise.all([
      this.read(`${of}/tasks`),
      this.read(`${of}/task_counts/status`),
      this.read(`${of}/task_counts/name_status`),
      this.read(`${of}/jobs?keys=job_id`),
      this.readText(`${of}/bulk/task_stats`),
    ]);
    const documents = Object.values(tasks as Readonly<Record<string, unknown>>);
    const own = documents.filter((document) => textIn(document, 'name') !== 'bulk');
    const found = Object.fromEntries(
      own.map((document) => [
        textIn(document, 'task_id'),
        {
          status: textIn(document, 'status'),
          failures: numberIn(document, 'failures'),
          priority: numberIn(document, 'priority'),
          instance: textIn(document, 'instance_id'),
        },
      ]),
    );
    const expected = Object.fromEntries(
      [...this.tasks].map(([id, { status, failures, priority, instance }]) => [
        id,
        { status, failures, priority, instance },
      ]),
    );
    expect({ worker: this.name, tasks: found }).toEqual({ worker: this.name, tasks: expected });
    expect(documents.length - own.length).toBe(this.bulkTasks);
    expect(counts).toEqual(countBy(documents, (document) => textIn(document, 'status')));
    expect(byName).toEqual(
      Object.fromEntries(
        [...new Set(documents.map((document) => textIn(document, 'name')))].map((name) => [
          name,
          countBy(
            documents.filter((document) => textIn(document, 'name') === name),
            (document) => textIn(document, 'status'),
          ),
        ]),
      ),
    );
    const jobIds = Object.keys(jobs as object);
    expect(jobIds).toHaveLength(this.jobs.length + this.bulkTasks);
    expect(jobIds).toEqual(expect.arrayContaining(this.jobs));
    const lines = stats.split('\n').filter(Boolean);
    const perTask = countBy(lines, (line) => textIn(JSON.parse(line), 'task_id'));
    expect(perTask).toEqual(
      Object.fromEntries([...this.tasks].filter(([, task]) => task.stats > 0).map(([id, task]) => [id, task.stats])),
    );
    await this.checkBesides();
  }

  /** What services other than tasks and jobs show. */
  private async checkBesides(): Promise<void> {
    const [dataset, rule, pilots] = await Promise.all([
      this.read(`/datasets/${this.dataset}`),
      this.read(`/auths/${this.dataset}`),
      this.read(`/pilots?host=${this.name}&keys=site`),
    ]);
    expect(dataset).toMatchObject({ description: this.description });
    expect(rule).toMatchObject({ read_groups: this.readers });
    const sites = Object.entries(pilots as object).map(([id, pilot]) => [id, textIn(pilot, 'site')]);
    expect(Object.fromEntries(sites)).toEqual(Object.fromEntries(this.pilots));
  }

  private async readText(path: string): Promise<string> {
    const { status, text } = await whenAvailable(() => this.client.send('GET', path));
    if (status !== 200) throw new WrongAnswer(`GET ${path}: ${status} ${text}`);
    return text;
  }

  private async read(path: string): Promise<unknown> {
    return JSON.parse(await this.readText(path));
  }

  protected send({ method, path, body, key }: Operation): Promise<Answer> {
    return this.client.send(method, path, { body: JSON.stringify(body), headers: { 'idempotency-key': key } });
  }

  protected accept({ method, path, status, onAnswer }: Operation, answer: Answer): void {
    if (answer.status !== status) throw new WrongAnswer(`${method} ${path}: ${answer.status} ${answer.text}`);
    onAnswer(answer.text);
  }

  protected choose(): Operation {
    if (this.dataset === '') {
      return this.operation('POST', '/datasets', DATASET, 201, (text) => {
        this.dataset = textIn(JSON.parse(text), 'result');
      });
    }
    return this.oneOf([
      () => this.addJob(),
      () => this.addTask(),
      () => this.addTask(),
      () => this.addBulk(),
      () => this.promote(),
      () => this.promote(),
      () => this.claim(),
      () => this.claim(),
      () => this.report(),
      () => this.report(),
      () => this.report(),
      () => this.amend(),
      () => this.addStat(),
      () => this.bulk(),
      () => this.describe(),
      () => this.share(),
      () => this.addPilot(),
      () => this.amendPilot(),
      () => this.endPilot(),
    ]);
  }

  private operation(
    method: string,
    path: string,
    body: object,
    status: number,
    onAnswer: (text: string) => void,
  ): Operation {
    this.sequence += 1;
    return { method, path, body, key: `${this.name}-${this.sequence}`, status, onAnswer };
  }

  private in(...statuses: readonly string[]): readonly (readonly [string, Expected])[] {
    return [...this.tasks].filter(([, task]) => statuses.includes(task.status));
  }

  private addJob(): Operation {
    const body = { dataset_id: this.dataset, job_index: this.jobs.length };
    return this.operation('POST', '/jobs', body, 201, (text) => {
      this.jobs.push(textIn(JSON.parse(text), 'result'));
    });
  }

  private addTask(): Operation | undefined {
    const job = this.random.pick(this.jobs);
    if (job === undefined) return undefined;
    const body = {
      dataset_id: this.dataset,
      job_id: job,
      task_index: this.tasks.size,
      job_index: this.jobs.indexOf(job),
      name: 'single',
      depends: [],
      requirements: { memory: 1.5 },
    };
    return this.operation('POST', '/tasks', body, 201, (text) => {
      const id = textIn(JSON.parse(text), 'result');
      if (this.tasks.has(id)) throw new WrongAnswer(`task ${id} was made twice`);
      this.tasks.set(id, { status: 'idle', failures: 0, priority: 1, instance: '', stats: 0 });
    });
  }

  private addBulk(): Operation | undefined {
    if (this.bulkTasks > 20 * BULK_JOBS) return undefined;
    const body = {
      first_job_index: 1000 + this.bulkTasks,
      count: BULK_JOBS,
      tasks: [{ name: 'bulk', depends: [], requirements: {} }],
    };
    return this.operation('POST', `/cairn/iceprod/datasets/${this.dataset}/tasks`, body, 201, () => {
      this.bulkTasks += BULK_JOBS;
    });
  }

  private promote(): Operation | undefined {
    const ids = this.in('idle')
      .slice(0, PROMOTED_AT_ONCE)
      .map(([id]) => id);
    if (ids.length === 0) return undefined;
    return this.operation('POST', '/task_actions/waiting', { task_ids: ids }, 200, (text) => {
      if (numberIn(JSON.parse(text), 'waiting') !== ids.length) throw new WrongAnswer(`promoted: ${text}`);
      for (const id of ids) this.change(id, { status: 'waiting' });
    });
  }

  private claim(): Operation | undefined {
    if (this.in('waiting').length === 0) return undefined;
    const body = { requirements: { memory: 8 }, query_params: { dataset_id: this.dataset } };
    return this.operation('POST', '/task_actions/queue', body, 200, (text) => {
      const task: unknown = JSON.parse(text);
      const id = textIn(task, 'task_id');
      if (this.tasks.get(id)?.status !== 'waiting') throw new WrongAnswer(`task ${id} was claimed but is not waiting`);
      this.change(id, { status: 'queued', instance: textIn(task, 'instance_id') });
    });
  }

  private report(): Operation | undefined {
    const [id, task] = this.random.pick(this.in('queued', 'processing')) ?? [];
    if (id === undefined || task === undefined) return undefined;
    const action =
      task.status === 'queued' ? 'processing' : (this.random.pick(['complete', 'reset', 'reset', 'failed']) ?? 'reset');
    const body = { instance_id: task.instance, time_used: 36 };
    return this.operation('POST', `/tasks/${id}/task_actions/${action}`, body, 200, () => {
      if (action === 'processing') this.change(id, { status: 'processing' });
      else if (action === 'complete') this.change(id, { status: 'complete', instance: '' });
      else {
        const status = action === 'reset' ? 'waiting' : 'failed';
        this.change(id, { status, instance: '', failures: task.failures + 1 });
      }
    });
  }

  private amend(): Operation | undefined {
    const [id] = this.random.pick([...this.tasks]) ?? [];
    if (id === undefined) return undefined;
    const priority = this.random.below(1000) / 1000;
    return this.operation('PATCH', `/tasks/${id}`, { priority }, 200, () => this.change(id, { priority }));
  }

  private addStat(): Operation | undefined {
    const [id, task] = this.random.pick([...this.tasks]) ?? [];
    if (id === undefined || task === undefined) return undefined;
    const body = { dataset_id: this.dataset, hostname: this.name, resources: { cpu: 0.5 } };
    return this.operation('POST', `/tasks/${id}/task_stats`, body, 201, () =>
      this.change(id, { stats: (this.tasks.get(id)?.stats ?? 0) + 1 }),
    );
  }

  private bulk(): Operation | undefined {
    const suspend = this.random.next() < 0.5;
    const chosen = suspend ? this.in('idle', 'waiting') : this.in('suspended', 'failed');
    const ids = chosen.slice(0, 3).map(([id]) => id);
    if (ids.length === 0) return undefined;
    const action = suspend ? 'bulk_suspend' : 'bulk_reset';
    return this.operation('POST', `/datasets/${this.dataset}/task_actions/${action}`, { tasks: ids }, 200, () => {
      for (const id of ids) this.change(id, { status: suspend ? 'suspended' : 'idle', instance: '' });
    });
  }

  private describe(): Operation {
    const description = `chaos ${this.random.below(1000)}`;
    return this.operation('PUT', `/datasets/${this.dataset}/description`, { description }, 200, () => {
      this.description = description;
    });
  }

  private share(): Operation {
    const readers = GROUPS.filter(() => this.random.next() < 0.5);
    const body = { read_groups: readers, write_groups: [DATASET.group] };
    return this.operation('PUT', `/auths/${this.dataset}`, body, 200, () => {
      this.readers = readers;
    });
  }

  private addPilot(): Operation {
    const body = { queue_host: 'h', queue_version: '1', resources: { cpu: 1 }, host: this.name };
    return this.operation('POST', '/pilots', body, 201, (text) => {
      const id = textIn(JSON.parse(text), 'result');
      if (this.pilots.has(id)) throw new WrongAnswer(`pilot ${id} was made twice`);
      this.pilots.set(id, '');
    });
  }

  private amendPilot(): Operation | undefined {
    const [id] = this.random.pick([...this.pilots]) ?? [];
    if (id === undefined) return undefined;
    const site = `site-${this.random.below(1000)}`;
    return this.operation('PATCH', `/pilots/${id}`, { site }, 200, () => this.pilots.set(id, site));
  }

  private endPilot(): Operation | undefined {
    const [id] = this.random.pick([...this.pilots]) ?? [];
    if (id === undefined) return undefined;
    return this.operation('DELETE', `/pilots/${id}`, {}, 200, () => this.pilots.delete(id));
  }

  private change(id: string, change: Partial<Expected>): void {
    const task = this.tasks.get(id);
    if (task === undefined) throw new WrongAnswer(`task ${id} is not known`);
    this.tasks.set(id, { ...task, ...change });
  }
}

/** An answer that differs from what is expected. */
class WrongAnswer extends Error {
  override readonly name = 'WrongAnswer';
}

const countBy = <T>(items: readonly T[], keyOf: (item: T) => string): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const item of items) counts[keyOf(item)] = (counts[keyOf(item)] ?? 0) + 1;
  return counts;
};
