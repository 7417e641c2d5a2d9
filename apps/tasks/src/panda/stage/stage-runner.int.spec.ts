import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '#platform/testing/eventually.js';
import type { Caller } from '#bus/contract.js';
import { CommandTask, SubmitTask } from '#contracts/panda/task-commands.js';
import { ServiceHost } from '#event-sourcing/testing/service-host.js';
import { TasksModule } from '../../tasks.module.js';
import { PandaMessageHandler } from '../message-handler.js';
import { workStream } from '../streams.js';
import { somePrincipal } from '../testing/principal.js';
import { someQueue } from '../testing/queue.js';
import { PRUN } from '../testing/task-run.js';
import type { Task } from '../view.js';

const CALLER: Caller = { subject: 'Demo User', username: 'Demo User', roles: ['user'], groups: [] };
const FIRST_ID = 10_000_001;

const submit = async (host: ServiceHost, fields: Readonly<Record<string, unknown>> = {}): Promise<number> => {
  const request = { parameters: JSON.stringify({ ...PRUN, ...fields }), parent_tid: null, principal: somePrincipal() };
  const { task_id: id } = await host.request(
    SubmitTask,
    { ...request, default_trans_path: 'https://host/trf' },
    CALLER,
  );
  return id ?? 0;
};

const command = (host: ServiceHost, task_id: number, name: 'kill' | 'finish'): Promise<unknown> =>
  host.request(CommandTask, { task_id, command: name, options: {}, principal: somePrincipal() }, CALLER);

const configure = async (host: ServiceHost): Promise<void> => {
  const stream = 'site-panda.main.LOCAL';
  const metadata = {
    timeMicros: 1,
    actor: 'test',
    dialect: 'panda',
    correlationId: '',
    causationId: '',
    schemaVersion: 1,
  };
  const data = { queue: someQueue() };
  await host.ledger.append(stream, -1, [{ id: 'queue-1', type: 'QueueConfigured', data, metadata }]);
};

const taskOf = (host: ServiceHost, id: number): Task | undefined => host.part(PandaMessageHandler).committed.task(id);
const statusOf = (host: ServiceHost, id: number) => (): Promise<string | undefined> =>
  Promise.resolve(taskOf(host, id)?.status);

const movesOf = async (host: ServiceHost, id: number): Promise<readonly string[]> =>
  (await host.ledger.readStream(workStream(String(id)), { limit: 1000 }))
    .filter(({ type }) => type === 'TaskMoved')
    .map(({ data }) => (JSON.parse(data) as { status: string }).status);

describe('the stages of a service', () => {
  const host = new ServiceHost(TasksModule);

  beforeAll(async () => {
    await host.start();
  });
  afterAll(() => host.end());

  it('make jobs of a task as soon as there is a queue', async () => {
    expect(await submit(host)).toBe(FIRST_ID);
    await eventually(statusOf(host, FIRST_ID), 'pending');
    await configure(host);
    await eventually(statusOf(host, FIRST_ID), 'scouting');
    const task = taskOf(host, FIRST_ID);
    expect(task && host.part(PandaMessageHandler).committed.countOfJobs(task, 'activated')).toBe(3);
  });

  it('break a task, and say why', async () => {
    const id = await submit(host, { taskName: 'broken', jobParameters: undefined });
    await eventually(statusOf(host, id), 'broken');
    expect(taskOf(host, id)?.attributes.errorDialog).toBe('the task parameter jobParameters is missing');
  });

  it('carry out commands, also of children', async () => {
    const child = await submit(host, { taskName: 'child', parentTaskName: PRUN['taskName'] });
    await eventually(statusOf(host, child), 'pending');
    await command(host, FIRST_ID, 'kill');
    await eventually(statusOf(host, FIRST_ID), 'aborted');
    await eventually(statusOf(host, child), 'aborted');
  });

  it('go on after a restart, and read models can be made again', async () => {
    const id = await submit(host);
    await host.stop();
    await host.start();
    await eventually(statusOf(host, id), 'scouting');
    const before = JSON.stringify(taskOf(host, id)?.attributes);
    const moves = await movesOf(host, id);
    await host.rebuild();
    await eventually(statusOf(host, id), 'scouting');
    expect(JSON.stringify(taskOf(host, id)?.attributes)).toBe(before);
    expect(await movesOf(host, id)).toEqual(moves);
  });

  it('do nothing twice when two processes share a ledger', async () => {
    const other = new ServiceHost(TasksModule);
    symlinkSync(join(host.folder, 'ledger.sqlite'), join(other.folder, 'ledger.sqlite'));
    await other.start();
    const ids = await Promise.all(Array.from({ length: 10 }, (_, at) => submit(at % 2 === 0 ? host : other)));
    expect(new Set(ids).size).toBe(10);
    for (const id of ids) {
      await eventually(statusOf(host, id), 'scouting');
      await eventually(statusOf(other, id), 'scouting');
      expect(await movesOf(host, id)).toEqual(['defined', 'ready', 'scouting']);
    }
    await other.end();
  });
});
