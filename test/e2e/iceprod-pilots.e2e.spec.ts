import { startDistributed, startEmbedded } from './cairn-process.js';
import { grids } from './grids-pilots/grids.js';
import { pilots } from './grids-pilots/pilots.js';
import { useWorld } from './world.js';

const MODES = [
  { mode: 'embedded', start: startEmbedded },
  { mode: 'as separate processes over NATS', start: startDistributed },
] as const;

describe.each(MODES)("IceProd's grids and pilots, $mode", ({ mode, start }) => {
  const world = useWorld(start);

  grids(world);
  pilots(world, mode === 'embedded' ? undefined : 'tasks');
});
