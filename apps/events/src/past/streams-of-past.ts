import type { PastOfWorkload } from '#contracts/cairn/past-view.js';
import type { Position } from '#ledger/ledger.js';
import { partsOfStream, type StreamCategory, streamName } from '#ledger/ref.js';
import { dialectNamed } from '../dialects.js';

/** What of a workload is in streams of its own. */
const CATEGORIES: readonly StreamCategory[] = ['workload', 'work', 'access', 'ranges'];

/** A workload at a position, with the streams that its documents are made of. */
export const pastOf = (ref: string, position: Position): PastOfWorkload => {
  const { dialect } = partsOfStream(streamName('workload', ref));
  const around = dialectNamed(dialect)?.aroundWorkloads ?? [];
  return { ref, position, streams: [...CATEGORIES.map((category) => streamName(category, ref)), ...around] };
};
