import { randomUUID } from 'node:crypto';
import { nowMicros } from '#platform/clock.js';
import { type Ledger, NO_STREAM } from '#ledger/ledger.js';
import { streamName } from '#ledger/ref.js';
import { someMetadata } from '#ledger/testing/new-events.js';
import type { DatasetSubmitted } from '#contracts/iceprod/dataset-events.js';
import { datasetRef } from '../streams.js';

/**
 * Records a dataset as the service that owns it would: of alice, and closed to all others.
 *
 * @returns position of the fact
 */
export const submitDataset = async (
  ledger: Ledger,
  id: string,
  facts: Partial<DatasetSubmitted> = {},
): Promise<number> => {
  const data: Partial<DatasetSubmitted> = {
    ...{ workload_id: id, status: 'processing', priority: 0.5, username: 'alice', group: 'simprod' },
    access: { read_groups: [], write_groups: [], read_users: [], write_users: [] },
    ...facts,
  };
  const metadata = { ...someMetadata(), timeMicros: nowMicros() };
  const event = { id: randomUUID(), type: 'WorkloadSubmitted', data, metadata };
  return (await ledger.append(streamName('workload', datasetRef(id)), NO_STREAM, [event])).position;
};
