import { type Envelope, formOf, identified, PandaClient, PRODUCTION } from '../compat/panda/panda-client.js';
import type { Answer, HttpClient } from '../harness/http-client.js';
import { eventually } from '#platform/testing/eventually.js';
import { LossyClient, type LossyOperation, whenAvailable } from './lossy-client.js';
import type { Random } from './random.js';

interface Operation extends LossyOperation {
  readonly name: string;
  readonly send: () => Promise<Answer>;
  /** Updates what is expected; undefined when the answer is not what it must be. */
  readonly onAnswer: (answer: Envelope) => boolean;
}

type JobStatus = 'sent' | 'running' | 'finished' | 'failed';

/** A task as its user expects it. */
interface Task {
  readonly id: number;
  readonly jobs: Map<number, JobStatus>;
  /** Names of output files by job. */
  readonly outputs: Map<number, readonly string[]>;
}

const EVENTS = 40;
/** More than random failures ever come to. */
const ATTEMPTS = 1_000;
const JOBS_AT_ONCE = 2;
const FILES_MAX = 30;
const SITE = 'LOCAL';
const TASK_ID = /jediTaskID=(\d+)/;

interface SentJob {
  readonly PandaID: number;
  readonly outFiles: string;
}

interface ShownJob {
  readonly PandaID: number;
  readonly jobStatus: string;
  readonly outFiles?: string;
}

const envelopeIn = ({ text }: Answer): Envelope => JSON.parse(text) as Envelope;

/** A task without input whose jobs write a file each. */
export const taskDocument = (name: string): object => ({
  ...{ taskName: `${name}/`, uniqueTaskName: true, vo: 'wlcg', prodSourceLabel: 'user', sourceURL: 'http://cairn' },
  ...{ processingType: 'panda-client-1.6-jedi-run', transUses: '', transHome: null, architecture: '', skipScout: true },
  ...{ noInput: true, nEvents: EVENTS, nEventsPerJob: 1, maxAttempt: ATTEMPTS, maxFailure: ATTEMPTS },
  log: {
    ...{ type: 'template', param_type: 'log', value: `${name}.log.$JEDITASKID.\${SN}.log.tgz` },
    ...{ dataset: `${name}.log/`, container: `${name}.log/` },
  },
  jobParameters: [
    { type: 'constant', value: '-p "echo%20hello"' },
    {
      ...{ type: 'template', param_type: 'output', value: `${name}.$JEDITASKID._\${SN/P}.out`, hidden: true },
      ...{ dataset: `${name}.out/`, container: `${name}.out/` },
    },
  ],
});

/** What a pilot reports of the files that a job has written. */
export const reportOf = (outputs: readonly string[]): string =>
  JSON.stringify(
    Object.fromEntries(outputs.map((lfn) => [lfn, { guid: lfn, fsize: 1, adler32: '00000001', full_lfn: lfn }])),
  );

/**
 * A user of PanDA with pilots of his own, who records what was acknowledged. After a lost answer they do what PanDA's clients do: they send the
 * same request again, without a key that would name it. A claim is not sent again: what it took is found by its status.
 */
export class PandaWorker extends LossyClient<Operation, Answer> {
  private readonly user: PandaClient;
  private readonly pilot: PandaClient;
  private readonly tasks: Task[] = [];
  private readonly files = new Map<string, string>();
  private readonly secrets = new Map<string, string>();
  private sequence = 0;

  constructor(client: HttpClient, name: string, random: Random) {
    super(name, random);
    this.user = new PandaClient(client, identified(`User ${name}`));
    this.pilot = new PandaClient(client, identified(`Pilot ${name}`, PRODUCTION));
  }

  /** Compares what the API shows of tasks, jobs, files and secrets with what is expected. */
  async check(): Promise<void> {
    for (const task of this.tasks.slice(-2)) await this.checkTask(task);
    for (const [name, content] of this.files) {
      const { text } = await this.read(`/cache/${name}`);
      expect({ worker: this.name, name, text }).toEqual({ worker: this.name, name, text: content });
    }
    const secrets = await this.read('/api/v1/creds/get_user_secrets');
    expect(JSON.parse(String(envelopeIn(secrets).data))).toEqual(Object.fromEntries(this.secrets));
  }

  protected send({ send }: Operation): Promise<Answer> {
    return send();
  }

  protected accept({ name, onAnswer }: Operation, answer: Answer): void {
    if (answer.status !== 200 || !onAnswer(envelopeIn(answer))) {
      throw new Error(`${this.name}: ${name}: ${JSON.stringify(answer)}`);
    }
  }

  protected choose(): Operation {
    const task = this.tasks.at(-1);
    if (task === undefined || this.count(task, 'finished') === EVENTS) return this.submit();
    return this.oneOf([
      () => this.claim(task),
      () => this.claim(task),
      () => this.start(task),
      () => this.start(task),
      () => this.beat(task),
      () => this.end(task),
      () => this.end(task),
      () => this.store(),
      () => this.setSecret(),
    ]);
  }

  /** Answers that break off are asked for again. */
  private read(path: string): Promise<Answer> {
    const broken = { status: 503, reason: 'broke off', headers: {}, text: '' };
    return whenAvailable(() => this.user.send('GET', path).catch(() => broken));
  }

  private post(client: PandaClient, path: string, parameters: object): Promise<Answer> {
    return client.send('POST', `/api/v1/${path}`, JSON.stringify(parameters));
  }

  private nextName(): string {
    this.sequence += 1;
    return `${this.name}.${String(this.sequence)}`;
  }

  private count({ jobs }: Task, status: JobStatus): number {
    return [...jobs.values()].filter((each) => each === status).length;
  }

  private with({ jobs }: Task, status: JobStatus): number | undefined {
    return this.random.pick([...jobs].filter(([, each]) => each === status).map(([id]) => id));
  }

  /** A name that is in use tells which task has it (contract 4.1.7). */
  private submit(): Operation {
    const task_parameters = taskDocument(`user.chaos.${this.nextName()}`);
    return {
      name: 'submit',
      send: () => this.post(this.user, 'task/submit', { task_parameters }),
      onAnswer: ({ message }) => {
        const id = Number(TASK_ID.exec(message)?.[1]);
        if (!Number.isSafeInteger(id) || this.tasks.some((task) => task.id === id)) return false;
        this.tasks.push({ id, jobs: new Map(), outputs: new Map() });
        return true;
      },
    };
  }

  private claim(task: Task): Operation | undefined {
    if (this.count(task, 'sent') > JOBS_AT_ONCE) return undefined;
    const request = { site_name: SITE, task_id: task.id, n_jobs: JOBS_AT_ONCE, prod_source_label: 'user' };
    return {
      name: 'claim',
      send: () => this.post(this.pilot, 'pilot/acquire_jobs', request),
      onAnswer: ({ success, message, data }) => {
        if (!success) return message === 'No jobs in PanDA';
        const { jobs } = data as { readonly jobs: readonly SentJob[] };
        return jobs.every(({ PandaID: id, outFiles }) => this.take(task, id, outFiles));
      },
      onLoss: async () => {
        for (const { PandaID: id, jobStatus, outFiles = '' } of await this.shown(task)) {
          if (jobStatus === 'sent' && !task.jobs.has(id) && !this.take(task, id, outFiles)) {
            throw new Error(`${this.name}: job ${String(id)} was taken twice`);
          }
        }
      },
    };
  }

  private take(task: Task, id: number, outFiles: string): boolean {
    if (task.jobs.has(id)) return false;
    task.jobs.set(id, 'sent');
    task.outputs.set(
      id,
      outFiles.split(',').filter((name) => name !== ''),
    );
    return true;
  }

  /** What of a job was reported. A final report that came before its repeat is known as `alreadydone`. */
  private report(task: Task, id: number, parameters: object, status: JobStatus): Operation {
    const request = { job_id: id, site_name: SITE, ...parameters };
    return {
      name: `report ${status}`,
      send: () => this.post(this.pilot, 'pilot/update_job', request),
      onAnswer: ({ success, data }) => {
        const { StatusCode, command } = data as { readonly StatusCode: number; readonly command: string };
        if (!success || StatusCode !== 0 || !['NULL', 'alreadydone'].includes(command)) return false;
        task.jobs.set(id, status);
        return true;
      },
    };
  }

  private start(task: Task): Operation | undefined {
    const id = this.with(task, 'sent');
    return id === undefined ? undefined : this.report(task, id, { job_status: 'running', core_count: 1 }, 'running');
  }

  private beat(task: Task): Operation | undefined {
    const id = this.with(task, 'running');
    const parameters = { job_status: 'running', cpu_consumption_time: this.random.below(1000), stdout: 'still there' };
    return id === undefined ? undefined : this.report(task, id, parameters, 'running');
  }

  private end(task: Task): Operation | undefined {
    const id = this.with(task, 'running');
    if (id === undefined) return undefined;
    if (this.random.below(4) === 0) {
      return this.report(task, id, { job_status: 'failed', trans_exit_code: 1, pilot_error_code: 1305 }, 'failed');
    }
    const job_output_report = reportOf(task.outputs.get(id) ?? []);
    return this.report(task, id, { job_status: 'finished', trans_exit_code: 0, job_output_report }, 'finished');
  }

  /** A name that is in use has the file of the request whose answer was lost. */
  private store(): Operation | undefined {
    if (this.files.size >= FILES_MAX) return undefined;
    const name = `jobO.${this.nextName()}.tar.gz`;
    const { body, headers } = formOf(name, `content of ${name}`);
    return {
      name: 'store',
      send: () => this.user.send('POST', '/api/v1/file_server/upload_cache_file', body, headers),
      onAnswer: ({ success, message }) => {
        if (!success && message !== 'ERROR: cannot overwrite file') return false;
        this.files.set(name, `content of ${name}`);
        return true;
      },
    };
  }

  private setSecret(): Operation {
    const [key, value] = [`key${String(this.random.below(5))}`, String(this.random.below(1_000_000))];
    return {
      name: 'secret',
      send: () => this.post(this.user, 'creds/set_user_secrets', { key, value }),
      onAnswer: ({ success }) => {
        this.secrets.set(key, value);
        return success;
      },
    };
  }

  private async shown({ id }: Task): Promise<readonly ShownJob[]> {
    const path = `/api/v1/task/get_job_descriptions?task_id=${String(id)}&unsuccessful_only=False`;
    const answer = await this.read(path);
    const jobs = envelopeIn(answer).data as readonly (ShownJob & {
      readonly Files?: readonly { readonly lfn: string; readonly type: string }[];
    })[];
    return jobs.map(({ PandaID, jobStatus, Files = [] }) => ({
      PandaID,
      jobStatus,
      outFiles: Files.filter(({ type }) => type === 'output' || type === 'log')
        .map(({ lfn }) => lfn)
        .join(','),
    }));
  }

  /** Each attempt has one job. Jobs that nobody has taken wait, one for each file that is left. */
  private async checkTask(task: Task): Promise<void> {
    const left = EVENTS - this.count(task, 'finished') - this.count(task, 'sent') - this.count(task, 'running');
    const expected = { jobs: Object.fromEntries(task.jobs), waiting: left, finished: this.count(task, 'finished') };
    await eventually(
      async () => {
        const all = await this.shown(task);
        const taken = all.filter(({ PandaID }) => task.jobs.has(PandaID));
        const others = all.filter(({ PandaID }) => !task.jobs.has(PandaID));
        return {
          worker: this.name,
          jobs: Object.fromEntries(taken.map(({ PandaID, jobStatus }) => [PandaID, jobStatus])),
          waiting: others.filter(({ jobStatus }) => jobStatus === 'activated').length,
          others: others.filter(({ jobStatus }) => jobStatus !== 'activated'),
          finished: await this.finishedFiles(task),
        };
      },
      { worker: this.name, others: [], ...expected },
    );
  }

  private async finishedFiles({ id }: Task): Promise<number> {
    const path = `/api/v1/task/get_datasets_and_files?task_id=${String(id)}`;
    const answer = await this.read(path);
    // A task that was just submitted has none yet.
    const datasets = (envelopeIn(answer).data ?? []) as readonly {
      readonly files: readonly { readonly status: string }[];
    }[];
    return datasets.flatMap(({ files }) => files).filter(({ status }) => status === 'finished').length;
  }
}
