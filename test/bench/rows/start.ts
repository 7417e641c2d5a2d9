import { Embedded } from '../embedded.js';
import type { Settings } from '../settings.js';
import { figure, type Row, under } from '../table.js';
import { compareTimes, START } from '../yardstick.js';

const REACH = 5;

/** From the command to the first good answer, with an empty data folder. */
export const coldStart = async ({ environment }: Settings): Promise<readonly Row[]> => {
  const start = await compareTimes(START, async () => {
    const cairn = new Embedded(environment);
    try {
      const startMs = performance.now();
      await cairn.start();
      const { status } = await cairn.send('GET', '/readyz');
      if (status !== 200) throw new Error(`/readyz answered ${status}`);
      return (performance.now() - startMs) / 1000;
    } finally {
      await cairn.remove();
    }
  });
  return [
    {
      what: 'ready with an empty data folder',
      figure: `${figure(start.seconds, 's')} (start: ${figure(start.yardstickSeconds, 's')})`,
      ...under(start.ratio, REACH, 'start'),
    },
  ];
};
