/** What a dataset's priority depends on. Any change may change the order of its tasks. */
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

/** What a task's priority depends on besides its dataset's. */
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

/** Clients may set any priority. The result is limited to 0..1, and NaN counts as 0. */
const clamp = (priority: number): number => (Number.isNaN(priority) ? 0 : Math.min(1, Math.max(0, priority)));

/** Receives the priority after each step of its formula. */
export type PriorityListener = (step: string, priority: number) => void;

const ignoreStep: PriorityListener = () => undefined;

/** Weight of the user who owns a dataset. */
export const userWeight = ({ group, userPriority = PRIORITY_WITHOUT_RECORD }: DatasetPriorityTerms): number =>
  group === EVERYBODY ? userPriority : 1;

/** Weight of the group of a dataset. */
export const groupWeight = ({ groupPriority = PRIORITY_WITHOUT_RECORD }: DatasetPriorityTerms): number => groupPriority;

/** The priority of a dataset among all processing ones, from 0 to 1. */
export const datasetPriority = (terms: DatasetPriorityTerms, onStep = ignoreStep): number => {
  let priority = terms.largestOfUser > 0 ? terms.priority / terms.largestOfUser : 1;
  onStep('share_of_user', priority);
  if (terms.group !== EVERYBODY && terms.largestOfGroup > 0) {
    priority -= (1 - terms.priority / terms.largestOfGroup) / 4;
  }
  onStep('share_of_group', priority);
  priority *= Math.sqrt(Math.max(0, userWeight(terms)));
  onStep('user', priority);
  priority *= groupWeight(terms);
  onStep('group', priority);
  if (terms.ageDays > 1) {
    priority *= Math.pow(HOURS_PER_DAY * terms.ageDays, 0.05) - 0.17;
  }
  onStep('age', priority);
  if (terms.jobsSubmitted > 0) {
    priority *= Math.min(1, Math.pow(JOBS_OF_A_LARGE_DATASET / terms.jobsSubmitted, 0.05));
  }
  onStep('jobs', priority);
  if (terms.activeTasksOfAll > 0) {
    priority -= terms.activeTasks / terms.activeTasksOfAll / 4;
  }
  onStep('active_tasks', priority);
  priority = clamp(priority);
  onStep('dataset_limits', priority);
  return priority;
};

/** The priority of a task, from 0 to 1, once the priority of its dataset is known (undefined: no such dataset). */
export const taskPriority = (
  priorityOfDataset: number | undefined,
  terms: TaskPriorityTerms,
  onStep = ignoreStep,
): number => {
  const { taskIndex, jobIndex, jobsSubmitted, tasksSubmitted } = terms;
  if (priorityOfDataset === undefined || tasksSubmitted < 1 || jobsSubmitted < 1) {
    onStep('no_tasks', 0);
    return 0;
  }
  let priority = priorityOfDataset;
  priority += taskIndex / (tasksSubmitted / jobsSubmitted) / 5;
  onStep('task_index', priority);
  priority -= jobIndex / jobsSubmitted / 5;
  onStep('job_index', priority);
  if (jobIndex < EARLY_JOBS) {
    priority += (EARLY_JOBS - jobIndex) / 100;
  }
  onStep('early_job', priority);
  priority = clamp(priority);
  onStep('limits', priority);
  return priority;
};
