import { Embedded } from '../embedded.js';
import { fsyncSeconds } from '../fsync.js';
import { addDataset, addUnits, classes, taskIds } from '../subject.js';
import type { Settings } from '../settings.js';
import { atLeast, figure, type Row, under } from '../table.js';
import { generate } from '../wrk.js';
import { compare, compareTimes, scaledMs, startHello } from '../yardstick.js';

const UNITS = 10_000;

const READ_RATIO = 0.4;
const CHANGE_RATIO = 0.14;
const CHANGE_RATIO_MANY = 0.22;
const CHANGE_P99_MS = 25;
/** What a change may cost a client that waits for each answer; its fsync is not counted. */
const LONE_CHANGE_HELLOS = 20;

/** Reads and durable changes of single units, as a plain user to whom the dataset's rule grants them. */
export const singleUnits = async ({ seconds, environment }: Settings): Promise<readonly Row[]> => {
  const hello = await startHello(seconds);
  const cairn = new Embedded(environment);
  try {
    await cairn.start();
    const dataset = await addDataset(cairn, 'single units');
    await addUnits(cairn, dataset, classes(1, 'idle'), UNITS);
    const { ids, file } = await taskIds(cairn, dataset);
    const token = await cairn.tokenFor('alice', ['user'], ['simprod']);
    const prefix = `/datasets/${dataset}/tasks/`;
    const reset = async (): Promise<void> => {
      await cairn.ask('POST', `/datasets/${dataset}/task_actions/bulk_status/idle`, { tasks: ids });
    };
    const load = { url: cairn.url, token, args: [file, prefix], seconds };
    const read = await compare({
      yardstick: hello,
      load: { ...load, script: 'read.lua', connections: 32 },
    });
    const change = await compare({
      yardstick: hello,
      load: { ...load, script: 'change.lua', connections: 32 },
      prepare: reset,
    });
    const changeMany = await compare({
      yardstick: hello,
      load: { ...load, script: 'change.lua', connections: 128 },
      prepare: reset,
    });
    const p99ReachMs = scaledMs(CHANGE_P99_MS, change.yardstickPerSecond);
    const changeReach = atLeast(change.ratio, CHANGE_RATIO, 'hello');
    const fsync = fsyncSeconds(cairn.dataDir);
    const alone = await compareTimes(hello, async () => {
      await reset();
      const { perSecond } = await generate({ ...load, script: 'change.lua', connections: 1 });
      return Math.max(0, 1 / perSecond - fsync);
    });
    return [
      {
        what: 'one unit read by id, token and rule checked, 32 connections',
        figure: figure(read.ours.perSecond, '/s'),
        ...read,
        ...atLeast(read.ratio, READ_RATIO, 'hello'),
      },
      {
        what: 'one durable status change, 32 connections',
        figure: `${figure(change.ours.perSecond, '/s')}, p99 ${change.ours.p99Ms.toFixed(1)} ms`,
        ...change,
        ...changeReach,
        reach: `${changeReach.reach}, p99 under ${figure(p99ReachMs, 'ms')}`,
        isMet: changeReach.isMet && change.ours.p99Ms < p99ReachMs,
      },
      {
        what: 'one durable status change, 128 connections',
        figure: `${figure(changeMany.ours.perSecond, '/s')}, p99 ${changeMany.ours.p99Ms.toFixed(1)} ms`,
        ...changeMany,
        ...atLeast(changeMany.ratio, CHANGE_RATIO_MANY, 'hello'),
      },
      {
        what: 'one durable status change, 1 connection, without its fsync',
        figure: `${(alone.seconds * 1000).toFixed(2)} ms and ${(fsync * 1000).toFixed(2)} ms fsync`,
        ...alone,
        ...under(alone.ratio, LONE_CHANGE_HELLOS, 'hello'),
      },
    ];
  } finally {
    await cairn.remove();
    await hello.stop();
  }
};
