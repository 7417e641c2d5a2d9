import type { DatasetEvents, DatasetNumberEvents } from '#contracts/iceprod/dataset-events.js';
import { type DescriptionsOf } from '../../timeline/description.js';
import { plainValues, rawValues } from '../../timeline/values.js';
import { workloadDescriptions } from '../../timeline/workload-descriptions.js';

export const datasetDescriptions: DescriptionsOf<DatasetEvents & DatasetNumberEvents> = {
  ...workloadDescriptions('dataset_id'),
  DatasetTruncated: {
    what: () => 'truncated the dataset: no more jobs are made',
    sets: { workload: () => plainValues({ truncated: true }) },
  },
  DatasetDescribed: {
    what: () => 'gave the dataset another description',
    sets: { workload: (data) => plainValues(data) },
  },
  DatasetExtended: {
    what: ({ jobs_submitted, tasks_submitted }) =>
      `enlarged the dataset to ${jobs_submitted} jobs and ${tasks_submitted} tasks`,
    sets: { workload: (data) => plainValues(data) },
  },
  ConfigSet: {
    what: () => 'stored the config of the dataset',
    sets: {
      workload: (data) =>
        'config' in data ? rawValues({ config: data.config }) : plainValues({ config: { stored: data.blob } }),
    },
  },
  DatasetNumberReserved: { what: ({ dataset }) => `reserved the number ${dataset} for a dataset` },
};
