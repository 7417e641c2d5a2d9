import { DomainError } from '#platform/domain-error.js';

const MIB = 1024 * 1024;

/** How much of one kind a dataset has, and may have. */
export interface ByteQuota {
  readonly usedBytes: number;
  /** 0 for no limit. */
  readonly mibMax: number;
}

/** The refusal of what would make a dataset hold more bytes of one kind than it may. */
export const datasetBytesRefusal = (
  kind: 'logs' | 'files' | 'configs',
  { usedBytes, mibMax }: ByteQuota,
  moreBytes: number,
): DomainError | undefined =>
  mibMax === 0 || usedBytes + moreBytes <= mibMax * MIB
    ? undefined
    : new DomainError(
        'too-large',
        'quota.exceeded',
        `quota of the dataset exceeded: at most ${mibMax} MiB of ${kind}; ${usedBytes} bytes there, ${moreBytes} more asked for`,
      );
