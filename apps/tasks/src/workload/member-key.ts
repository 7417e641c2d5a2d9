import type { WorkloadId } from './workloads.js';

/** Integer key of a unit or a group: its home workload and its ordinal there. The members of a workload are one range. */
export type MemberKey = number;

/** Ordinals per workload. Keys of 2^21 workloads are exact integers. */
const ORDINALS = 2 ** 32;

export const keyOf = (workload: WorkloadId, ordinal: number): MemberKey => workload * ORDINALS + ordinal;
export const workloadOfKey = (key: MemberKey): WorkloadId => Math.floor(key / ORDINALS);
export const ordinalOfKey = (key: MemberKey): number => key % ORDINALS;
export const lastKeyOf = (workload: WorkloadId): MemberKey => keyOf(workload, ORDINALS - 1);

/** The same as {@link workloadOfKey}, in SQL, of a column `key`. */
export const WORKLOAD_OF_KEY = 'key >> 32';
