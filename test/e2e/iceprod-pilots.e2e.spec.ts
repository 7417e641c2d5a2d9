import { startDistributed, startEmbedded } from './cairn-process.js';
import { grids } from './grids-pilots/grids.js';
import { pilots } from './grids-pilots/pilots.js';
import { openWorld, VARIABLES, type World } from './world.js';

const MODES = [
  { mode: 'embedded', start: startEmbedded },
  { mode: 'as separate processes over NATS', start: startDistributed },
] as const;

describe.each(MODES)("IceProd's grids and pilots, $mode", ({ mode, start }) => {
  let opened: World | undefined;

  beforeAll(async () => {
    opened = await openWorld(await start(VARIABLES));
  }, 90_000);

  afterAll(async () => {
    opened?.anonymous.close();
    await opened?.cairn.remove();
  }, 60_000);

  const world = (): World => {
    if (opened === undefined) throw new Error('Cairn is not running');
    return opened;
  };

  grids(world);
  pilots(world, mode === 'embedded' ? undefined : 'tasks');
});
