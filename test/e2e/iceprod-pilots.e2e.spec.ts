import { MODES } from './cairn-process.js';
import { grids } from './grids-pilots/grids.js';
import { pilots } from './grids-pilots/pilots.js';
import { useWorld } from './world.js';

describe.each(MODES)("IceProd's grids and pilots, $mode", (mode) => {
  const world = useWorld(mode);

  grids(world);
  pilots(world, mode.isDistributed ? 'tasks' : undefined);
});
