import { startNatsServer } from '#bus/testing/nats-server.js';
import { startDistributed } from '../../harness/cairn-process.js';
import { addDataset, addUnits, classes, senderOf, taskIds } from '../subject.js';
import type { Settings } from '../settings.js';
import { atLeast, figure, type Row } from '../table.js';
import { compare, startEcho } from '../yardstick.js';

const UNITS = 10_000;
const READ_RATIO = 0.5;
const CHANGE_RATIO = 0.4;

/** The same single reads and changes with every service in a process of its own. */
export const overNats = async ({ seconds, environment }: Settings): Promise<readonly Row[]> => {
  const nats = await startNatsServer();
  const echo = await startEcho(nats.url, seconds);
  const running = await startDistributed(environment);
  try {
    const cairn = await senderOf(running);
    const dataset = await addDataset(cairn, 'single units');
    await addUnits(cairn, dataset, classes(1, 'idle'), UNITS);
    const { ids, file } = await taskIds(cairn, dataset);
    const token = await running.token({ username: 'alice', roles: ['user'], groups: ['simprod'] });
    const load = { url: running.url, token, args: [file, `/datasets/${dataset}/tasks/`], seconds, connections: 32 };
    const read = await compare({ yardstick: echo, load: { ...load, script: 'read.lua' } });
    const change = await compare({
      yardstick: echo,
      load: { ...load, script: 'change.lua' },
      prepare: async () => {
        await cairn.ask('POST', `/datasets/${dataset}/task_actions/bulk_status/idle`, { tasks: ids });
      },
    });
    return [
      {
        what: 'over NATS: one unit read by id, 32 connections',
        figure: figure(read.ours.perSecond, '/s'),
        ...read,
        ...atLeast(read.ratio, READ_RATIO, 'echo'),
      },
      {
        what: 'over NATS: one durable status change, 32 connections',
        figure: figure(change.ours.perSecond, '/s'),
        ...change,
        ...atLeast(change.ratio, CHANGE_RATIO, 'echo'),
      },
    ];
  } finally {
    await running.remove();
    await echo.stop();
    await nats.remove();
  }
};
