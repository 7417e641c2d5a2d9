import { MODES } from './cairn-process.js';
import { accessRules } from './main-road/access-rules.js';
import { badInput } from './main-road/bad-input.js';
import { bulkTasks } from './main-road/bulk-tasks.js';
import { claims } from './main-road/claims.js';
import { configs } from './main-road/configs.js';
import { datasets } from './main-road/datasets.js';
import { jobs } from './main-road/jobs.js';
import { reports } from './main-road/reports.js';
import { stats } from './main-road/stats.js';
import { taskLists } from './main-road/task-lists.js';
import { tasks } from './main-road/tasks.js';
import { transport } from './main-road/transport.js';
import { volume } from './main-road/volume.js';
import { useWorld } from './world.js';

describe.each(MODES)("IceProd's main road, $mode", (mode) => {
  const world = useWorld(mode);

  transport(world);
  datasets(world);
  accessRules(world);
  configs(world);
  jobs(world);
  tasks(world);
  taskLists(world);
  bulkTasks(world);
  claims(world);
  reports(world);
  stats(world);
  badInput(world);
  // Last: it restarts Cairn, and what is listed for all datasets gets long.
  volume(world, mode.isDistributed ? 10_000 : 100_000);
});
