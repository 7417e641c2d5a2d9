import { MODES } from '../../harness/cairn-process.js';
import { effects } from './task-effects/effects.js';
import { movedTasks } from './task-effects/moved-tasks.js';
import { runTimes } from './task-effects/run-times.js';
import { useTestCluster } from '../../harness/test-cluster.js';

describe.each(MODES)("what requests do to IceProd's tasks, $mode", (mode) => {
  const cluster = useTestCluster(mode);

  effects(cluster);
  movedTasks(cluster);
  runTimes(cluster);
});
