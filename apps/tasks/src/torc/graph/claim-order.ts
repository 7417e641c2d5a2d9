import type { SortMethod } from '#contracts/torc/jobs.js';
import { type Amounts, ClassIndex, type IndexKind } from '../../engine/class-index.js';
import type { ReadyClass } from '../../engine/ready.js';
import { requirementsOf } from '../job/requirements.js';

type Needs = readonly [cpus: number, gpus: number, bytes: number, nodes: number, seconds: number];

/** What jobs of a class need, in the order that {@link Offer} has too. */
export const needsOf = ({ requirements }: Pick<ReadyClass, 'requirements'>): Needs => {
  const { num_cpus, num_gpus, memory_bytes, num_nodes, runtime_seconds } = requirementsOf(requirements);
  return [num_cpus, num_gpus, memory_bytes, num_nodes, runtime_seconds];
};

const orderOf = (name: SortMethod, compare: (one: Needs, other: Needs) => number): IndexKind<ClassIndex> => ({
  name,
  create: () =>
    new ClassIndex({
      amountsOf: needsOf,
      compare: (one: Amounts, other: Amounts) => compare(one as Needs, other as Needs),
    }),
});

/** Contract 5.2 step 2, after the priority. */
export const CLAIM_ORDERS: Readonly<Record<SortMethod, IndexKind<ClassIndex>>> = {
  gpus_runtime_memory: orderOf(
    'gpus_runtime_memory',
    (one, other) => other[1] - one[1] || other[4] - one[4] || other[2] - one[2],
  ),
  gpus_memory_runtime: orderOf(
    'gpus_memory_runtime',
    (one, other) => other[1] - one[1] || other[2] - one[2] || other[4] - one[4],
  ),
  none: orderOf('none', () => 0),
};
