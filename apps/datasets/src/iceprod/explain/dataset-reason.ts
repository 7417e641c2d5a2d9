import { NO_CONFIG } from '#contracts/iceprod/dataset-events.js';
import type { Dataset } from '../dataset/dataset.js';
import type { StatusChange } from '../dataset/dataset-projection.js';

/** One sentence for people: why a dataset has its status, and what would have to happen next. */
export const reasonOfDataset = (
  { status, truncated }: Pick<Dataset, 'status' | 'truncated'>,
  { actor, reason }: Pick<StatusChange, 'actor' | 'reason'>,
  hasConfig: boolean,
): string => {
  const cause = reason === undefined ? '' : `, because ${reason}`;
  switch (status) {
    case 'processing':
      if (!hasConfig) return 'It is processing, but has no config: no jobs can be made until somebody sends one.';
      return truncated ? 'It is processing and truncated: no more jobs are made.' : `It is processing${cause}.`;
    case 'suspended':
      if (reason === NO_CONFIG)
        return `It was suspended by ${actor}${cause}. It starts by itself when its config arrives.`;
      return `It was suspended by ${actor}${cause}. It stays so until somebody sets its status to processing.`;
    case 'errors':
      return `It has errors: some of its jobs failed. It stays so until somebody resets them.`;
    case 'complete':
      return 'It is complete.';
  }
};
