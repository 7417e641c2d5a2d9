import { MODES } from './cairn-process.js';
import { effects } from './task-effects/effects.js';
import { movedTasks } from './task-effects/moved-tasks.js';
import { runTimes } from './task-effects/run-times.js';
import { useWorld } from './world.js';

describe.each(MODES)("what requests do to IceProd's tasks, $mode", (mode) => {
  const world = useWorld(mode);

  effects(world);
  movedTasks(world);
  runTimes(world);
});
