import { formatTimestamp } from '#platform/clock.js';
import type { AppliedEvent } from '#event-sourcing/projection.js';
import { type DatasetStatus, isDatasetStatus } from '#contracts/iceprod/statuses.js';
import type { DatasetEvents, DatasetSubmitted } from '#contracts/iceprod/dataset-events.js';

/** A dataset as answers show it (IceProd contract 4.1). */
export interface Dataset {
  readonly dataset_id: string;
  readonly dataset: number;
  readonly description: string;
  readonly jobs_submitted: number;
  readonly tasks_submitted: number;
  readonly tasks_per_job: number;
  readonly group: string;
  readonly username: string;
  readonly status: DatasetStatus;
  readonly priority: number;
  readonly debug: boolean;
  readonly jobs_immutable: boolean;
  readonly always_active: boolean;
  readonly start_date: string;
  readonly truncated: boolean;
}

type DatasetEventType = Exclude<keyof DatasetEvents, 'ConfigSet'>;

/** An event of a dataset's stream, with its time. */
export type DatasetEvent = {
  readonly [Type in DatasetEventType]: {
    readonly type: Type;
    readonly data: DatasetEvents[Type];
    readonly timeMicros: number;
  };
}[DatasetEventType];

const EVENT_TYPES: Readonly<Record<DatasetEventType, true>> = {
  WorkloadSubmitted: true,
  WorkloadMoved: true,
  DatasetTruncated: true,
  DatasetDescribed: true,
  WorkloadPrioritized: true,
  DatasetExtended: true,
};
export const DATASET_EVENT_TYPES = Object.keys(EVENT_TYPES);

/** The stored event as an event of a dataset; undefined when it is none. */
export const datasetEvent = ({ type, data, metadata }: AppliedEvent): DatasetEvent | undefined =>
  Object.hasOwn(EVENT_TYPES, type) ? ({ type, data, timeMicros: metadata.timeMicros } as DatasetEvent) : undefined;

export const submitted = (data: DatasetSubmitted, timeMicros: number): Dataset => ({
  dataset_id: data.workload_id,
  dataset: data.dataset,
  description: data.description,
  jobs_submitted: data.jobs_submitted,
  tasks_submitted: data.tasks_submitted,
  tasks_per_job: data.tasks_per_job,
  group: data.group,
  username: data.username,
  status: isDatasetStatus(data.status) ? data.status : 'processing',
  priority: data.priority,
  debug: data.debug,
  jobs_immutable: data.jobs_immutable,
  always_active: data.always_active,
  start_date: formatTimestamp(timeMicros),
  truncated: false,
});

/** The only place where an event changes a dataset. Events of a dataset that was never submitted change nothing. */
export const evolve = (dataset: Dataset | undefined, event: DatasetEvent): Dataset | undefined => {
  if (event.type === 'WorkloadSubmitted') return submitted(event.data, event.timeMicros);
  if (dataset === undefined) return undefined;
  switch (event.type) {
    case 'WorkloadMoved':
      return isDatasetStatus(event.data.status) ? { ...dataset, status: event.data.status } : dataset;
    case 'DatasetTruncated':
      return { ...dataset, truncated: true };
    case 'DatasetDescribed':
    case 'WorkloadPrioritized':
    case 'DatasetExtended':
      return { ...dataset, ...event.data };
  }
};
