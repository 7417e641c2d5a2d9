import { Embedded } from '../embedded.js';
import { cpuSeconds } from '../process-usage.js';
import type { Settings } from '../settings.js';
import { addDataset, addUnits, classes } from '../subject.js';
import { figure, median, type Row } from '../table.js';
import { generate } from '../wrk.js';
import { startHello } from '../yardstick.js';

const UNITS = 11_000;
const NAMES = 4;
const ROUNDS = 3;
const CONNECTIONS = 32;
/** Lists that are read before anything is measured: V8 compiles meanwhile. */
const WARM_UP_LISTS = 60;

interface Kind {
  readonly what: string;
  readonly query: string;
  /** Processor time of one unit, in times of one request of hello. */
  readonly ratioMax: number;
}

const KINDS: readonly Kind[] = [
  { what: 'one unit in a list, three keys', query: '?keys=task_id|status|name', ratioMax: 0.1 },
  { what: 'one unit in a list, whole', query: '', ratioMax: 0.2 },
];

/** Processor time of a process per item, in microseconds. */
const microsPerItem = async (pid: number, work: () => Promise<number>): Promise<number> => {
  const before = cpuSeconds(pid);
  const items = await work();
  return ((cpuSeconds(pid) - before) * 1e6) / items;
};

/** Lists of a dataset's units, one after the other, by processor time: other processes do not disturb the figure. */
export const unitLists = async ({ environment, seconds }: Settings): Promise<readonly Row[]> => {
  const cairn = new Embedded(environment);
  const hello = await startHello();
  try {
    await cairn.start();
    const dataset = await addDataset(cairn, 'lists');
    await addUnits(cairn, dataset, classes(NAMES, 'idle'), UNITS);
    const lists = async ({ query }: Kind, times: number): Promise<number> => {
      for (let done = 0; done < times; done += 1) await cairn.send('GET', `/datasets/${dataset}/tasks${query}`);
      return times * UNITS;
    };
    const requests = async (): Promise<number> => {
      const url = `${hello.url}${hello.path}`;
      const load = { url, script: 'get.lua', connections: CONNECTIONS, seconds };
      return (await generate(load)).perSecond * seconds;
    };
    await requests();
    for (const kind of KINDS) await lists(kind, WARM_UP_LISTS);
    const theirs: number[] = [];
    const ours = KINDS.map((): number[] => []);
    for (let round = 0; round < ROUNDS; round += 1) {
      theirs.push(await microsPerItem(hello.pid, requests));
      for (const [at, kind] of KINDS.entries()) {
        ours[at]?.push(await microsPerItem(cairn.pid, () => lists(kind, seconds * 10)));
      }
    }
    const request = median(theirs);
    return KINDS.map(({ what, ratioMax }, at) => {
      const micros = median(ours[at] ?? []);
      const ratio = micros / request;
      return {
        what: `${what}, processor time`,
        figure: figure(micros, 'µs'),
        ratio,
        reach: `at most ${String(ratioMax)} × a request of hello (${figure(request, 'µs')})`,
        isMet: ratio <= ratioMax,
      };
    });
  } finally {
    await cairn.remove();
    await hello.stop();
  }
};
