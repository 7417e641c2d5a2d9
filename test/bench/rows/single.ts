import { Embedded } from '../embedded.js';
import { addDataset, addUnits, classes, taskIds } from '../subject.js';
import type { Settings } from '../settings.js';
import { figure, type Row } from '../table.js';
import { compare, startHello } from '../yardstick.js';

const UNITS = 10_000;

export const READ_RATIO = 0.35;
export const CHANGE_RATIO = 0.12;
const CHANGE_RATIO_MANY = 0.18;
const CHANGE_P99_MS = 25;

/** Reads and durable changes of single units, as a plain user whom the dataset's rule admits. */
export const singleUnits = async ({ seconds, environment }: Settings): Promise<readonly Row[]> => {
  const hello = await startHello();
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
    const load = { url: cairn.url, args: [token, file, prefix], seconds };
    const read = await compare({
      yardstick: hello,
      fillsCore: true,
      load: { ...load, script: 'read.lua', connections: 32 },
    });
    const change = await compare({
      yardstick: hello,
      fillsCore: true,
      load: { ...load, script: 'change.lua', connections: 32 },
      prepare: reset,
    });
    const changeMany = await compare({
      yardstick: hello,
      fillsCore: true,
      load: { ...load, script: 'change.lua', connections: 128 },
      prepare: reset,
    });
    return [
      {
        what: 'one unit read by id, token and rule checked, 32 connections',
        figure: figure(read.ours.perSecond, '/s'),
        reach: `${READ_RATIO} x hello`,
        isMet: read.ratio >= READ_RATIO,
        ...read,
      },
      {
        what: 'one durable status change, 32 connections',
        figure: `${figure(change.ours.perSecond, '/s')}, p99 ${change.ours.p99Ms.toFixed(1)} ms`,
        reach: `${CHANGE_RATIO} x hello, p99 ${CHANGE_P99_MS} ms`,
        isMet: change.ratio >= CHANGE_RATIO && change.ours.p99Ms < CHANGE_P99_MS,
        ...change,
      },
      {
        what: 'one durable status change, 128 connections',
        figure: `${figure(changeMany.ours.perSecond, '/s')}, p99 ${changeMany.ours.p99Ms.toFixed(1)} ms`,
        reach: `${CHANGE_RATIO_MANY} x hello`,
        isMet: changeMany.ratio >= CHANGE_RATIO_MANY,
        ...changeMany,
      },
    ];
  } finally {
    await cairn.remove();
    await hello.stop();
  }
};
