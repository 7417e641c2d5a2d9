import type { DatasetStatus } from '#contracts/iceprod/statuses.js';

/** Where `PUT .../status` may lead from each status (IceProd contract 4.2). */
export const DATASET_TRANSITIONS: Readonly<Record<DatasetStatus, readonly DatasetStatus[]>> = {
  processing: ['suspended', 'errors', 'complete'],
  suspended: ['processing'],
  errors: ['processing', 'suspended'],
  complete: [],
};

/** The legacy status word: no status any more, but an alias of the truncate action and of the filter by flag. */
export const TRUNCATED_WORD = 'truncated';
