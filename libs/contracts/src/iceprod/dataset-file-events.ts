import type { ConcernsUnits } from '../work-events.js';

/** What a task reads or writes (IceProd contract 10), as clients gave it and defaults filled it. */
export interface DatasetFile {
  readonly movement: string;
  readonly remote: string;
  readonly local: string;
  readonly transfer: string | boolean;
  readonly compression: string | boolean;
}

/** A file was named for a task, in `work-iceprod.main.<dataset_id>`. `units` names the task if it is one of this workload. */
export interface FileAdded extends ConcernsUnits {
  readonly dataset_id: string;
  readonly task_id: string;
  readonly file: DatasetFile;
}

/** All files of a task were taken off its list. */
export interface FilesRemoved extends ConcernsUnits {
  readonly dataset_id: string;
  readonly task_id: string;
}

/** Events of files of tasks in streams `work-iceprod.main.<dataset_id>`. */
export interface DatasetFileEvents {
  readonly FileAdded: FileAdded;
  readonly FilesRemoved: FilesRemoved;
}
