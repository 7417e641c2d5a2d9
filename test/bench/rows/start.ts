import { Embedded } from '../embedded.js';
import type { Settings } from '../settings.js';
import { figure, median, type Row } from '../table.js';

const STARTS = 3;
const READY_S = 2;

/** From the command to the first good answer, with an empty data folder. */
export const coldStart = async ({ environment }: Settings): Promise<readonly Row[]> => {
  const times: number[] = [];
  for (let start = 0; start < STARTS; start += 1) {
    const cairn = new Embedded(environment);
    const startMs = performance.now();
    await cairn.start();
    const { status } = await cairn.send('GET', '/readyz');
    times.push((performance.now() - startMs) / 1000);
    await cairn.remove();
    if (status !== 200) throw new Error(`/readyz answered ${status}`);
  }
  const middle = median(times);
  return [
    {
      what: 'ready with an empty data folder',
      figure: figure(middle, 's'),
      reach: `under ${READY_S} s`,
      isMet: middle < READY_S,
    },
  ];
};
