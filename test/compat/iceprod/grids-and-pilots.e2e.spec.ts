import { MODES } from '../../harness/cairn-process.js';
import { grids } from './grids-and-pilots/grids.js';
import { pilots } from './grids-and-pilots/pilots.js';
import { useTestCluster } from '../../harness/test-cluster.js';

describe.each(MODES)("IceProd's grids and pilots ($mode)", (mode) => {
  const cluster = useTestCluster(mode);

  grids(cluster);
  pilots(cluster, mode.isDistributed ? 'tasks' : undefined);
});
