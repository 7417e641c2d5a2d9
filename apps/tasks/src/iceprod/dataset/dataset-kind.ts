import type { DatasetEvents, DatasetSubmitted } from '#contracts/iceprod/dataset-events.js';
import { type DatasetStatus, isDatasetStatus } from '#contracts/iceprod/statuses.js';
import type { EventOf } from '#event-sourcing/event-of.js';
import type { Phase } from '../../engine/phase.js';
import type { WorkloadChange, WorkloadFacts, WorkloadKind } from '../../workload/workload-kind.js';

const EVENT_TYPES: readonly (keyof DatasetEvents)[] = [
  ...(['WorkloadSubmitted', 'WorkloadMoved', 'WorkloadPrioritized'] as const),
  ...(['DatasetTruncated', 'DatasetDescribed', 'DatasetExtended', 'ConfigSet'] as const),
];

const PHASES: Readonly<Record<DatasetStatus, Phase>> = {
  processing: 'running',
  suspended: 'held',
  errors: 'failed',
  complete: 'succeeded',
};

/** A dataset that is suspended, and for which nothing more is made, is over unless somebody releases it. */
const phaseOf = (status: string, isTruncated: boolean): Phase => {
  if (!isDatasetStatus(status)) return 'held';
  return status === 'suspended' && isTruncated ? 'cancelled' : PHASES[status];
};

const changed = (facts: Partial<WorkloadFacts>): WorkloadChange => ({ what: 'changed', facts });

/** Datasets in lists of all workloads. The datasets service owns them. */
export const datasetKind: WorkloadKind = {
  eventTypes: EVENT_TYPES,
  readers: 'rule',
  changeOf: ({ type, data }) => {
    // Only the datasets service writes these events, so that their types are known.
    const event = { type, data } as object as EventOf<DatasetEvents>;
    switch (event.type) {
      case 'WorkloadSubmitted': {
        // Facts are not refused for what they lack.
        const submitted: Partial<DatasetSubmitted> = event.data;
        const { description: name = '', username: owner = '', status = '', tasks_submitted: expected = 0 } = submitted;
        return { what: 'created', facts: { name, owner, status, expected, isTruncated: false } };
      }
      case 'WorkloadMoved':
        return changed({ status: event.data.status });
      case 'DatasetDescribed':
        return changed({ name: event.data.description });
      case 'DatasetExtended':
        return changed({ expected: event.data.tasks_submitted });
      case 'DatasetTruncated':
        return changed({ expected: 0, isTruncated: true });
      case 'WorkloadPrioritized':
      case 'ConfigSet':
        return undefined;
    }
  },
  stateOf: ({ status, isTruncated }) => ({ status, phase: phaseOf(status, isTruncated) }),
};
