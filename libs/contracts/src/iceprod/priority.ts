/** What a dataset's priority is made of; a change of any of them may change the order of its tasks. */
export interface DatasetPriorityTerms {
  /** The priority the dataset was given. */
  readonly priority: number;
  /** The largest priority among processing datasets of the same user, and of the same group. */
  readonly largestOfUser: number;
  readonly largestOfGroup: number;
  readonly group: string;
  /** The priorities of the user and of the group; a missing one counts 0.5. */
  readonly userPriority: number | undefined;
  readonly groupPriority: number | undefined;
  readonly jobsSubmitted: number;
  /** Active (idle, waiting, queued, processing) tasks of this dataset, and of all processing datasets. */
  readonly activeTasks: number;
  readonly activeTasksOfAll: number;
  readonly ageDays: number;
}

/** Where a task stands in its dataset. */
export interface TaskPriorityTerms {
  readonly taskIndex: number;
  readonly jobIndex: number;
  readonly jobsSubmitted: number;
  readonly tasksSubmitted: number;
}

/** The group whose datasets compete by their users instead of by the group. */
const EVERYBODY = 'users';
const PRIORITY_WITHOUT_RECORD = 0.5;
/** The first jobs of a dataset go before all others, so that its errors show early. */
const EARLY_JOBS = 100;
const JOBS_OF_A_LARGE_DATASET = 10_000;
const HOURS_PER_DAY = 24;

const clamp = (priority: number): number => Math.min(1, Math.max(0, priority));

/** The priority of a dataset among all processing ones, from 0 to 1. */
export const datasetPriority = (terms: DatasetPriorityTerms): number => {
  let priority = terms.largestOfUser > 0 ? terms.priority / terms.largestOfUser : 1;
  if (terms.group !== EVERYBODY && terms.largestOfGroup > 0) {
    priority -= (1 - terms.priority / terms.largestOfGroup) / 4;
  }
  const userPriority = terms.group === EVERYBODY ? (terms.userPriority ?? PRIORITY_WITHOUT_RECORD) : 1;
  priority *= Math.sqrt(Math.max(0, userPriority));
  priority *= terms.groupPriority ?? PRIORITY_WITHOUT_RECORD;
  if (terms.ageDays > 1) {
    priority *= Math.pow(HOURS_PER_DAY * terms.ageDays, 0.05) - 0.17;
  }
  if (terms.jobsSubmitted > 0) {
    priority *= Math.min(1, Math.pow(JOBS_OF_A_LARGE_DATASET / terms.jobsSubmitted, 0.05));
  }
  if (terms.activeTasksOfAll > 0) {
    priority -= terms.activeTasks / terms.activeTasksOfAll / 4;
  }
  return clamp(priority);
};

/** The priority of a task, from 0 to 1, once the priority of its dataset is known (undefined: no such dataset). */
export const taskPriority = (priorityOfDataset: number | undefined, terms: TaskPriorityTerms): number => {
  const { taskIndex, jobIndex, jobsSubmitted, tasksSubmitted } = terms;
  if (priorityOfDataset === undefined || tasksSubmitted < 1 || jobsSubmitted < 1) {
    return 0;
  }
  let priority = priorityOfDataset;
  priority += taskIndex / (tasksSubmitted / jobsSubmitted) / 5;
  priority -= jobIndex / jobsSubmitted / 5;
  if (jobIndex < EARLY_JOBS) {
    priority += (EARLY_JOBS - jobIndex) / 100;
  }
  return clamp(priority);
};
