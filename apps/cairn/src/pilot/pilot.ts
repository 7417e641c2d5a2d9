import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { attemptTask, type Attempt, notBegun } from './attempt.js';
import { numberOf, textOf, type Json } from '#contracts/iceprod/config/json.js';
import { Command } from 'commander';
import { EXIT, type Terminal } from '../command-line.js';
import { PILOT_USAGE, readOptions, type PilotOptions } from './options.js';
import { Refused, RestClient, Unreachable } from './rest-client.js';
import { Workspace } from './workspace.js';

const BYTES_PER_GB = 1e9;
const SECONDS_PER_HOUR = 3600;

const say = (line: string): void => {
  process.stdout.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
};

const describe = (task: Json): string => `${textOf(task, 'name')} of job ${textOf(task, 'job_index')}`;

/** Usage in the units of task requirements: cores, GB, hours. */
const resourcesOf = ({ usage }: Attempt): Readonly<Record<string, number>> => ({
  time: usage.seconds / SECONDS_PER_HOUR,
  ...(usage.memoryBytes === undefined ? {} : { memory: usage.memoryBytes / BYTES_PER_GB }),
  ...(usage.cpu === undefined ? {} : { cpu: Math.round(usage.cpu * 100) / 100 }),
});

/**
 * Claims tasks, runs them, reports. Everything it knows of a task comes from the server, so that it can be killed at any
 * moment; what it had claimed then stays claimed until somebody resets it.
 */
class Pilot {
  private readonly client: RestClient;
  private readonly stopping = new AbortController();
  private readonly giveUp = new AbortController();
  private isStopped = false;
  private running = 0;

  constructor(private readonly options: PilotOptions) {
    this.client = new RestClient({ url: options.url, token: options.token });
  }

  /** Settles when all slots are empty for good. Where one cannot go on, the others end what they run and claim no more. */
  async run(): Promise<void> {
    const slots = Array.from({ length: this.options.slots }, () =>
      this.slot().catch((error: unknown) => {
        this.stopping.abort();
        throw error;
      }),
    );
    await Promise.allSettled(slots);
    await Promise.all(slots);
  }

  /** Takes no more tasks; those that run get their time to end, at a second call none. */
  stop(): void {
    if (this.isStopped) {
      this.giveUp.abort();
      return;
    }
    this.isStopped = true;
    this.stopping.abort();
    setTimeout(() => {
      this.giveUp.abort();
    }, this.options.graceMs).unref();
  }

  private async slot(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const task = await this.claim();
      if (task !== undefined) {
        this.running += 1;
        try {
          await this.work(task);
        } finally {
          this.running -= 1;
        }
      } else if (this.options.exitWhenIdle && this.running === 0) {
        return;
      } else {
        await delay(this.options.pollMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
      }
    }
  }

  private async claim(): Promise<Json | undefined> {
    const { offer, dataset } = this.options;
    try {
      return await this.client.post('/task_actions/queue', {
        requirements: offer,
        ...(dataset === undefined ? {} : { query_params: { dataset_id: dataset } }),
      });
    } catch (error) {
      if (error instanceof Refused && error.status === 404) return undefined;
      throw error;
    }
  }

  private async work(task: Json): Promise<void> {
    const taskId = textOf(task, 'task_id');
    say(`claimed   ${describe(task)} (${taskId}), attempt ${(numberOf(task, 'failures') ?? 0) + 1}`);
    try {
      await this.report(task, 'processing', {});
      const attempt = await this.attempt(task);
      if (attempt.failure !== undefined && this.giveUp.signal.aborted) await this.handBack(task);
      else if (attempt.failure === undefined) await this.complete(task, attempt);
      else await this.fail(task, attempt, attempt.failure);
    } catch (error) {
      // Somebody else moved the task meanwhile: its new owner decides, this attempt does not count.
      if (!(error instanceof Refused)) throw error;
      say(`dropped   ${describe(task)}: ${error.message}`);
    }
  }

  private async attempt(task: Json): Promise<Attempt> {
    const datasetId = textOf(task, 'dataset_id');
    const identity = { datasetId, jobId: textOf(task, 'job_id'), taskId: textOf(task, 'task_id') };
    const documents = await this.documentsOf(datasetId);
    if (documents instanceof Refused) return notBegun(documents.message);
    const workspace = new Workspace(this.options.workdir, identity);
    const about = {
      task_id: identity.taskId,
      name: textOf(task, 'name'),
      job_index: numberOf(task, 'job_index'),
      attempt: (numberOf(task, 'failures') ?? 0) + 1,
    };
    const { sources } = this.options;
    const attempt = await attemptTask({ ...documents, task, about, sources, signal: this.giveUp.signal }, workspace);
    if (!this.options.keep) await workspace.remove();
    return attempt;
  }

  /** What says how a task is run; a dataset without a config is the task's failure, not the pilot's. */
  private async documentsOf(datasetId: string): Promise<{ readonly dataset: Json; readonly config: Json } | Refused> {
    const id = encodeURIComponent(datasetId);
    try {
      const [dataset, config] = await Promise.all([
        this.client.get(`/datasets/${id}`),
        this.client.get(`/config/${id}`),
      ]);
      return { dataset, config };
    } catch (error) {
      if (error instanceof Refused) return error;
      throw error;
    }
  }

  private async complete(task: Json, attempt: Attempt): Promise<void> {
    await this.postStats(task, attempt);
    await this.report(task, 'complete', { time_used: attempt.usage.seconds, site: this.options.offer.site });
    say(`complete  ${describe(task)} after ${attempt.usage.seconds.toFixed(2)} s`);
  }

  private async fail(task: Json, attempt: Attempt, reason: string): Promise<void> {
    await this.postStats(task, attempt);
    const last = (numberOf(task, 'failures') ?? 0) + 1 >= this.options.failuresMax;
    await this.report(task, last ? 'failed' : 'reset', {
      time_used: attempt.usage.seconds,
      resources: resourcesOf(attempt),
      site: this.options.offer.site,
      reason,
    });
    say(`${last ? 'failed   ' : 'reset    '} ${describe(task)}: ${reason.replaceAll('\n', ' | ')}`);
  }

  /** A task that was stopped by us did nothing wrong: no failure is counted. */
  private async handBack(task: Json): Promise<void> {
    await this.client.put(`/tasks/${encodeURIComponent(textOf(task, 'task_id'))}/status`, {
      status: 'waiting',
      instance_id: textOf(task, 'instance_id'),
    });
    say(`back      ${describe(task)}: this pilot ends`);
  }

  private async report(task: Json, action: string, body: object): Promise<void> {
    await this.client.post(`/tasks/${encodeURIComponent(textOf(task, 'task_id'))}/task_actions/${action}`, {
      instance_id: textOf(task, 'instance_id'),
      ...body,
    });
  }

  private async postStats(task: Json, attempt: Attempt): Promise<void> {
    const known = {
      dataset_id: textOf(task, 'dataset_id'),
      hostname: hostname(),
      site: this.options.offer.site,
      time: new Date().toISOString(),
      time_used: attempt.usage.seconds,
      resources: resourcesOf(attempt),
      ...(attempt.failure === undefined ? {} : { error_summary: attempt.failure }),
    };
    const text = JSON.stringify(known);
    // Spliced in as text, so that the task's own numbers keep their digits.
    const body = attempt.stats === undefined ? text : `${text.slice(0, -1)},"task_stats":${attempt.stats}}`;
    await this.client.post(`/tasks/${encodeURIComponent(textOf(task, 'task_id'))}/task_stats`, body);
  }
}

/** SIGTERM and SIGINT let running tasks end, or hand them back. */
const runPilot = async (words: readonly string[], terminal: Terminal): Promise<void> => {
  const pilot = new Pilot(readOptions(words));
  const stop = (): void => pilot.stop();
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  try {
    await pilot.run();
  } catch (error) {
    if (!(error instanceof Refused) && !(error instanceof Unreachable)) throw error;
    terminal.stderr.write(`${error.message}\n`);
    terminal.exitCode = EXIT.failed;
  } finally {
    process.off('SIGTERM', stop);
    process.off('SIGINT', stop);
  }
};

/** `cairn pilot` */
export const pilotCommand = (terminal: Terminal): Command => {
  const command = new Command('pilot').argument('[options...]').allowUnknownOption();
  command.configureHelp({ formatHelp: () => PILOT_USAGE });
  return command.action((words: readonly string[]) => runPilot(words, terminal));
};
