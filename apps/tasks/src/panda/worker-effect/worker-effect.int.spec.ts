import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { JOB_STATUSES, type JobStatus } from '#contracts/panda/statuses.js';
import type { WorkerFields, WorkerReport } from '#contracts/panda/worker-events.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { NO_STREAM } from '#ledger/ledger.js';
import { nowMicros } from '#platform/clock.js';
import { TasksModule } from '../../tasks.module.js';
import { PandaMessageHandler } from '../message-handler.js';
import { JobStore } from '../testing/some-jobs.js';
import { endLostJob } from '../watchdog/stale-jobs.js';
import { applyWorkerEffect, workerEffect } from './worker-effect.js';

const DAY_SECONDS = 86_400;
const KEY = { harvesterId: 'h', workerId: 7 };

const toldBy = (harvesterId: string, ...workers: readonly WorkerReport[]): DecidedEvent => ({
  stream: `worker-panda.main.${harvesterId}`,
  type: 'WorkersReported',
  data: { harvester_id: harvesterId, workers },
});

const told = (...workers: readonly WorkerReport[]): DecidedEvent => toldBy('h', ...workers);

const worker = (set: WorkerFields, more: Partial<WorkerReport> = {}): DecidedEvent =>
  told({ worker_id: 7, set, ...more });

describe('the end of a worker', () => {
  const state = (fields: object = {}) => ({
    ...{ status: 'failed', endTime: null, diagMessage: 'gone', errorCode: 5, syncLevel: 0, ...fields },
  });
  const job = (status: JobStatus, set: object = {}) => {
    const jobs = new JobStore();
    const [id = 0] = jobs.create(1, { status, set });
    return jobs.job(id);
  };

  it.each(JOB_STATUSES)('marks an active job that is %s, unless it is held', (status) => {
    const isActive = !['finished', 'failed', 'cancelled', 'closed', 'holding'].includes(status);
    const set = isActive ? { supErrorCode: 5, supErrorDiag: 'Diag from worker : gone' } : {};
    expect(workerEffect(state(), job(status))).toEqual({ set, ends: false });
  });

  it.each(JOB_STATUSES)('ends a job that is %s with sync level 1 if it starts or runs', (status) => {
    const { set, ends } = workerEffect(state({ errorCode: 0, syncLevel: 1 }), job(status));
    const isEnded = status === 'starting' || status === 'running';
    expect(ends).toBe(isEnded);
    const taskBufferErrorDiag = `The worker was failed while the job was ${status} : gone`;
    expect(set).toEqual(isEnded ? { taskBufferErrorCode: 300, taskBufferErrorDiag } : {});
  });

  it.each(['finished', 'failed', 'cancelled', 'missed'])('counts when it is %s', (status) => {
    expect(workerEffect(state({ status }), job('running')).set).toMatchObject({ supErrorCode: 5 });
  });

  it.each(['running', 'submitted', 'idle', ''])('does not count while it is %s', (status) => {
    expect(workerEffect(state({ status, syncLevel: 1 }), job('running'))).toEqual({ set: {}, ends: false });
  });

  it('says nothing twice, and not too much', () => {
    const once = { supErrorCode: 5, supErrorDiag: 'Diag from worker : gone' };
    expect(workerEffect(state(), job('running', once))).toEqual({ set: {}, ends: false });
    const long = state({ diagMessage: 'x'.repeat(600), syncLevel: 1 });
    const { set } = workerEffect(long, job('running'));
    expect([set.supErrorDiag?.length, set.taskBufferErrorDiag?.length]).toEqual([250, 300]);
  });

  it('is carried out on the jobs that the worker has', () => {
    const jobs = new JobStore();
    const [first = 0, second = 0, third = 0] = jobs.create(3, { status: 'running' });
    jobs.apply([worker({ status: 'running', syncLevel: 1 }, { jobs: [first, second] })]);
    expect(jobs.view.workers.jobsOfWorker(KEY, 0, 10)).toEqual([first, second]);
    jobs.apply([worker({}, { adds_jobs: [third] }), worker({ nJobs: 2 }, { jobs: [second, third] })]);
    expect(jobs.view.workers.jobsOfWorker(KEY, 0, 10)).toEqual([second, third]);
    expect(jobs.view.workers.jobsOfWorker(KEY, second, 10)).toEqual([third]);
    const apply = (id: number) => jobs.do((view, timeMicros) => applyWorkerEffect(view, KEY, id, timeMicros));
    apply(second);
    expect(jobs.job(second).status).toBe('running');
    jobs.apply([worker({ status: 'cancelled', diagMessage: 'killed', errorCode: 9 })]);
    apply(second);
    expect(jobs.job(second).attributes).toMatchObject({
      ...{ jobStatus: 'failed', taskBufferErrorCode: 300, supErrorCode: 9, endTime: '2025-06-01T12:00:00' },
      taskBufferErrorDiag: 'The worker was cancelled while the job was running : killed',
    });
    const ended = jobs.job(second);
    apply(second);
    apply(999);
    expect(jobs.job(second)).toEqual(ended);
    expect(jobs.view.workers.decisiveWorkers(0, undefined, 10)).toEqual([KEY]);
    expect(jobs.view.workers.decisiveWorkers(jobs.nowMicros + 1, undefined, 10)).toEqual([]);
    expect(jobs.view.workers.decisiveWorkers(0, KEY, 10)).toEqual([]);
  });

  it('is forgotten with the worker when nothing was heard of it for a month', () => {
    const jobs = new JobStore();
    const [id = 0] = jobs.create(1, { status: 'running' });
    jobs.apply([worker({ status: 'finished' }, { jobs: [id] })]);
    const other = told({ worker_id: 8, set: { status: 'running' } });
    jobs.wait(29 * DAY_SECONDS);
    jobs.apply([other]);
    expect(jobs.view.workers.workerOfJob(id)).toMatchObject({ status: 'finished' });
    jobs.wait(2 * DAY_SECONDS);
    jobs.apply([other]);
    const { workers } = jobs.view;
    expect([workers.worker(KEY), workers.workerOfJob(id)]).toEqual([undefined, undefined]);
    expect(workers.worker({ ...KEY, workerId: 8 })).toMatchObject({ status: 'running' });
    // The last one of its harvester stays, as in the service that is told of it: what comes later is only what has changed.
    jobs.wait(31 * DAY_SECONDS);
    jobs.apply([toldBy('other', { worker_id: 1, set: { status: 'running' } }), told({ worker_id: 8, set: {} })]);
    expect(workers.worker({ ...KEY, workerId: 8 })).toMatchObject({ status: 'running' });
  });

  it('is told with a lost heartbeat', () => {
    const jobs = new JobStore();
    const [id = 0, other = 0] = jobs.create(2, { status: 'running' });
    jobs.apply([
      worker({ status: 'finished', endTime: '2025-06-01T11:00:00', diagMessage: 'done' }, { jobs: [id] }),
      told({ worker_id: 8, set: { status: 'running' }, jobs: [other] }),
    ]);
    const timeouts = { sent: 1, heartbeat: 1, holdingFirst: 1, holding: 1, transferring: 1, recovery: 1 };
    const modifiedMicros = jobs.nowMicros;
    jobs.wait(10);
    for (const pandaId of [id, other]) {
      jobs.do((view, timeMicros) => endLostJob(view, { pandaId, modifiedMicros }, timeouts, timeMicros));
    }
    expect(jobs.job(id).attributes).toMatchObject({
      ...{ jobStatus: 'failed', jobDispatcherErrorCode: 100, supErrorCode: 2 },
      supErrorDiag: 'worker already finished at 2025-06-01 11:00:00 with done',
    });
    expect(jobs.job(other).attributes).toMatchObject({ jobDispatcherErrorCode: 100, supErrorCode: 0 });
  });
});

describe('ends of workers', () => {
  let host: ServiceHost;
  beforeEach(async () => {
    host = new ServiceHost(TasksModule);
    await host.start();
  });
  afterEach(() => host.end());

  const append = async ({ stream, type, data }: DecidedEvent): Promise<void> => {
    const metadata = {
      ...{
        timeMicros: nowMicros(),
        actor: 'h',
        dialect: 'panda',
        correlationId: '',
        causationId: '',
        schemaVersion: 1,
      },
    };
    const past = await host.ledger.readStream(stream);
    await host.ledger.append(stream, past.at(-1)?.revision ?? NO_STREAM, [{ id: randomUUID(), type, data, metadata }]);
  };

  const jobs = async (...events: readonly DecidedEvent[]): Promise<void> => {
    for (const event of events) await append(event);
  };

  /** The events that make two running jobs, as they stand in a ledger. */
  const made = (): readonly DecidedEvent[] => {
    const store = new JobStore();
    const events: DecidedEvent[] = [];
    const apply = store.apply.bind(store);
    store.apply = (more) => {
      events.push(...more);
      apply(more);
    };
    store.create(2, { status: 'running' });
    return events;
  };

  const reaches = async (pandaId: number, code: number): Promise<unknown> => {
    for (let tries = 0; tries < 200; tries += 1) {
      const job = host.part(PandaMessageHandler).committed.job(pandaId);
      if (job?.attributes.supErrorCode === code) return job.status;
      await delay(50);
    }
    return 'never';
  };

  it('are carried out when they are told, and when an earlier process has not', async () => {
    await jobs(...made(), worker({ status: 'failed', errorCode: 4, diagMessage: 'x' }, { jobs: [1] }));
    expect(await reaches(1, 4)).toBe('running');
    await host.stop();
    // The rebuilt service finds in its tables what this one may not have done.
    await host.start();
    await append(told({ worker_id: 8, set: { status: 'failed', errorCode: 6, syncLevel: 1 }, jobs: [2] }));
    await host.rebuild();
    expect(await reaches(2, 6)).toBe('failed');
    expect(await reaches(1, 4)).toBe('running');
  });
});
