import { MODES } from '../../harness/cairn-process.js';
import { accessRules } from './main-workflow/access-rules.js';
import { badInput } from './main-workflow/bad-input.js';
import { bulkTasks } from './main-workflow/bulk-tasks.js';
import { claims } from './main-workflow/claims.js';
import { configs } from './main-workflow/configs.js';
import { datasets } from './main-workflow/datasets.js';
import { extensions } from './main-workflow/extensions.js';
import { jobs } from './main-workflow/jobs.js';
import { reports } from './main-workflow/reports.js';
import { stats } from './main-workflow/stats.js';
import { taskLists } from './main-workflow/task-lists.js';
import { tasks } from './main-workflow/tasks.js';
import { transport } from './main-workflow/transport.js';
import { effects } from './task-effects/effects.js';
import { movedTasks } from './task-effects/moved-tasks.js';
import { runTimes } from './task-effects/run-times.js';
import { volume } from './main-workflow/volume.js';
import { useTestCluster } from '../../harness/test-cluster.js';

describe.each(MODES)("IceProd's main workflow ($mode)", (mode) => {
  const cluster = useTestCluster(mode);

  transport(cluster);
  datasets(cluster);
  accessRules(cluster);
  configs(cluster);
  jobs(cluster);
  tasks(cluster);
  taskLists(cluster);
  bulkTasks(cluster);
  claims(cluster);
  reports(cluster);
  stats(cluster);
  badInput(cluster);
  effects(cluster);
  movedTasks(cluster);
  runTimes(cluster);
  extensions(cluster);
  // Runs last because it makes lists over all datasets long. More keys than a statement of SQLite takes.
  volume(cluster, mode.isDistributed ? 10_000 : 40_000);
});
