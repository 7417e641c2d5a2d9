import type { HttpClient } from '../../../harness/http-client.js';

interface Dataset {
  readonly status: string;
  readonly jobs_submitted: number;
}

interface Task {
  readonly task_id: string;
  readonly job_id: string;
  readonly status: string;
  readonly depends: readonly string[];
}

interface Job {
  readonly job_id: string;
  readonly status: string;
}

/** IceProd's cron jobs (contract 17) for one dataset, as clients of its routes; refused requests are repeated in the next run. */
export class Crons {
  readonly steps: readonly (() => Promise<unknown>)[] = [
    () => this.buffer(),
    () => this.queueTasks(),
    () => this.completeJobs(),
    () => this.completeDataset(),
    () => this.cleanUp(),
  ];

  constructor(
    private readonly client: HttpClient,
    private readonly dataset: string,
  ) {}

  async status(): Promise<string> {
    return (await this.read<Dataset>('')).status;
  }

  async tasks(): Promise<readonly Task[]> {
    return Object.values(await this.read<Record<string, Task>>('/tasks'));
  }

  async jobs(): Promise<readonly Job[]> {
    return Object.values(await this.read<Record<string, Job>>('/jobs'));
  }

  private buffer(): Promise<unknown> {
    return this.client.post('/actions/materialization', { dataset_id: this.dataset });
  }

  private async queueTasks(): Promise<unknown> {
    const tasks = await this.tasks();
    const complete = new Set(tasks.filter(({ status }) => status === 'complete').map(({ task_id: id }) => id));
    const ready = tasks.filter(({ status, depends }) => status === 'idle' && depends.every((id) => complete.has(id)));
    return this.client.post('/task_actions/waiting', { task_ids: ready.map(({ task_id: id }) => id) });
  }

  private async completeJobs(): Promise<void> {
    if ((await this.status()) !== 'processing') return;
    for (const { job_id: job, status } of await this.jobs()) {
      const found = new Set((await this.tasks()).filter(({ job_id: id }) => id === job).map((task) => task.status));
      if (status !== 'processing' || found.size === 0) continue;
      const isAll = (...words: readonly string[]): boolean => [...found].every((word) => words.includes(word));
      const to = isAll('complete')
        ? 'complete'
        : isAll('complete', 'suspended')
          ? 'suspended'
          : isAll('complete', 'failed', 'suspended')
            ? 'errors'
            : undefined;
      if (to !== undefined) await this.client.put(`/datasets/${this.dataset}/jobs/${job}/status`, { status: to });
    }
  }

  private async completeDataset(): Promise<void> {
    const { status, jobs_submitted: submitted } = await this.read<Dataset>('');
    const jobs = await this.jobs();
    const count = (word: string): number => jobs.filter((job) => job.status === word).length;
    if (status !== 'processing' || jobs.length < submitted || count('processing') > 0) return;
    const to = count('complete') === jobs.length ? 'complete' : count('errors') > 0 ? 'errors' : 'suspended';
    await this.client.put(`/datasets/${this.dataset}/status`, { status: to });
  }

  private async cleanUp(): Promise<void> {
    const stopped = (await this.jobs()).filter(({ status }) => status === 'suspended' || status === 'errors');
    const jobs = new Set(stopped.map(({ job_id: id }) => id));
    const tasks = (await this.tasks())
      .filter(({ job_id: id, status }) => jobs.has(id) && status !== 'complete' && status !== 'suspended')
      .map(({ task_id: id }) => id);
    if (tasks.length === 0 || (await this.status()) !== 'processing') return;
    await this.client.post(`/datasets/${this.dataset}/task_actions/bulk_status/suspended`, { tasks });
  }

  private async read<Document>(path: string): Promise<Document> {
    return (await this.client.get(`/datasets/${this.dataset}${path}`)).json as Document;
  }
}
