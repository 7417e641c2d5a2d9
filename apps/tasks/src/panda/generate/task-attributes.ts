import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import type { TaskValues } from '#contracts/panda/task-attributes.js';
import { timeText } from '#contracts/panda/times.js';
import { isObject } from '#platform/json-object.js';

/** The attributes of jobs that are their task's (PanDA contract 9.4, step 4). */
export const attributesOfTask = (id: number, task: TaskValues, timeMicros: number): JobAttributes => ({
  // PanDA's tables know no empty texts.
  AtlasRelease: task.transUses === '' ? null : task.transUses,
  transformation: task.transPath,
  homepackage: homepackageOf(task.transHome),
  cmtConfig: cmtConfigOf(task.architecture),
  creationTime: timeText(timeMicros),
  prodUserID: task.userName,
  prodUserName: task.userName,
  VO: task.vo,
  workingGroup: task.workingGroup,
  countryGroup: task.countryGroup,
  processingType: task.processingType,
  gshare: task.gshare,
  container_name: task.container_name,
  workQueue_ID: task.workQueue_ID,
  nucleus: task.nucleus,
  diskIO: task.diskIO,
  taskID: id,
  jediTaskID: id,
  reqID: task.reqID ?? id,
  jobsetID: task.reqID ?? id,
  jobExecutionID: 0,
  job_label: task.taskType === 'anal' ? 'user' : 'managed',
  lockedby: 'jedi',
  ipConnectivity: 'yes',
  maxCpuUnit: 's',
  maxDiskUnit: 'MB',
  minRamUnit: 'MB',
});

/** `-<digits>.` becomes `/<digits>.`: a package and its version. */
const homepackageOf = (transHome: string | null): string | null => transHome?.replaceAll(/-(\d+\.)/gu, '/$1') ?? null;

/** The architecture without what follows, or the `sw_platform` of its JSON text. */
const cmtConfigOf = (architecture: string | null): string => {
  if (architecture === null || architecture === '') return 'NULL';
  try {
    const spec: unknown = JSON.parse(architecture);
    if (isObject(spec)) return typeof spec.sw_platform === 'string' ? spec.sw_platform : '';
  } catch {
    // It is no JSON text but a plain one.
  }
  return architecture.split(/[@#&]/u, 1)[0] ?? '';
};
