import { chunkRules } from '../generate/chunks.js';
import type { SplitRules } from '../refine/split-rules.js';

/** Jobs that a task makes before anybody knows whether it works (PanDA contract 4.1.1). */
const SCOUTS = 10;

/**
 * How many files scouts may take: enough for ten jobs (contract 9.3).
 *
 * @param sizes bytes of the files in the order in which jobs take them; of split files and made-up ones none are given
 */
export const filesForScouts = (rules: SplitRules, sizes: Iterable<number> | undefined): number => {
  const { filesPerJob, filesMax, bytesMax } = chunkRules(rules);
  if (filesPerJob !== undefined) return SCOUTS * filesPerJob;
  if (sizes === undefined) return SCOUTS;
  let [jobs, files, filesOfJob, bytesOfJob] = [1, 0, 0, 0];
  for (const size of sizes) {
    if (filesOfJob > 0 && (filesOfJob === filesMax || bytesOfJob + size > bytesMax)) {
      if (jobs === SCOUTS) return files;
      [jobs, filesOfJob, bytesOfJob] = [jobs + 1, 0, 0];
    }
    files += 1;
    filesOfJob += 1;
    bytesOfJob += size;
  }
  return files;
};
