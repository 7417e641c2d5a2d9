/** Fields by which clients may sort IceProd's lists. */
export const DATASET_SORT_FIELDS = [
  'dataset',
  'dataset_id',
  'group',
  'jobs_submitted',
  'priority',
  'start_date',
  'status',
  'tasks_per_job',
  'tasks_submitted',
  'username',
] as const;
export const JOB_SORT_FIELDS = ['job_id', 'job_index', 'status', 'status_changed'] as const;
export const TASK_SORT_FIELDS = [
  'evictions',
  'failures',
  'instance_id',
  'job_id',
  'job_index',
  'name',
  'priority',
  'site',
  'status',
  'status_changed',
  'task_id',
  'task_index',
  'walltime',
  'walltime_err',
  'walltime_err_n',
] as const;
