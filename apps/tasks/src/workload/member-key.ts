import type { WorkloadId } from './workloads.js';

/** Integer name of a unit or a group: its workload and its ordinal there, so that the members of a workload are one range. */
export type MemberKey = number;

/** Ordinals of one workload. 2^21 workloads remain within the exact integers. */
const ORDINALS = 2 ** 32;

export const keyOf = (workload: WorkloadId, ordinal: number): MemberKey => workload * ORDINALS + ordinal;
export const workloadOfKey = (key: MemberKey): WorkloadId => Math.floor(key / ORDINALS);
export const ordinalOfKey = (key: MemberKey): number => key % ORDINALS;
export const lastKeyOf = (workload: WorkloadId): MemberKey => keyOf(workload, ORDINALS - 1);

/** The same as {@link workloadOfKey}, in SQL, of a column `key`. */
export const WORKLOAD_OF_KEY = 'key >> 32';
