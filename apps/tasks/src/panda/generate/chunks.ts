import type { SplitRules } from '../refine/split-rules.js';
import type { TaskFile } from '../view.js';

/** The most records of one job; more go to further jobs. */
const FILES_PER_JOB_MAX = 4_000;
const FILES_PER_JOB = 200;
const GIGABYTES_PER_JOB = 20;
const BYTES_PER_GIGABYTE = 1024 ** 3;

/** How many records of the master input a job takes (PanDA contract 9.4, step 1). */
export interface ChunkRules {
  /** Exactly so many, if it is given. */
  readonly filesPerJob: number | undefined;
  /** Holds without `filesPerJob`, as the next one does. */
  readonly filesMax: number;
  readonly bytesMax: number;
  /** For records that are parts of the events of a file. */
  readonly eventsPerJob: number | undefined;
}

export const chunkRules = (rules: SplitRules): ChunkRules => {
  const perJob = rules.number('nFilesPerJob');
  const gigabytes = rules.text('nGBPerJob') === 'MAX' ? Infinity : (rules.number('nGBPerJob') ?? GIGABYTES_PER_JOB);
  return {
    filesPerJob: perJob === undefined ? undefined : possibleCount(perJob),
    filesMax: possibleCount(rules.number('nMaxFilesPerJob') ?? FILES_PER_JOB),
    bytesMax: gigabytes * BYTES_PER_GIGABYTE,
    eventsPerJob: rules.number('nEventsPerJob'),
  };
};

/** Rules may be fractions: a job that has room for a part of a record takes it whole. */
const possibleCount = (files: number): number => Math.min(FILES_PER_JOB_MAX, Math.ceil(files));

/** Events of a record that is a part of a file's events; undefined when it is a whole file. */
export const eventsOf = ({ startEvent, endEvent }: TaskFile): number | undefined =>
  startEvent === null || endEvent === null ? undefined : endEvent - startEvent + 1;

/**
 * Records in groups of one job each, in their order. A record that is larger than a limit is by itself.
 *
 * @param areAll whether no further records follow: otherwise the last group is left out while it has room for one
 */
export const chunksOf = (
  records: readonly TaskFile[],
  rules: ChunkRules,
  areAll: boolean,
): readonly (readonly TaskFile[])[] => {
  const chunks: TaskFile[][] = [];
  let chunk: TaskFile[] = [];
  let bytes = 0;
  let events = 0;
  const filesMax = rules.filesPerJob ?? rules.filesMax;
  for (const record of records) {
    const size = record.fsize;
    const recordEvents = eventsOf(record);
    const isFull =
      chunk.length >= filesMax ||
      (rules.filesPerJob === undefined && bytes + size > rules.bytesMax) ||
      (recordEvents !== undefined && events + recordEvents > (rules.eventsPerJob ?? Infinity));
    if (chunk.length > 0 && isFull) {
      chunks.push(chunk);
      [chunk, bytes, events] = [[], 0, 0];
    }
    chunk.push(record);
    bytes += size;
    events += recordEvents ?? 0;
  }
  if (chunk.length > 0 && (areAll || chunk.length >= filesMax)) chunks.push(chunk);
  return chunks;
};
