import type { SplitRules } from '../refine/split-rules.js';

/** Jobs that a task makes before anybody knows whether it works (PanDA contract 4.1.1). */
const SCOUTS = 10;
const FILES_PER_JOB_MAX = 200;
const GIGABYTES_PER_JOB_MAX = 20;
const BYTES_PER_GIGABYTE = 1024 ** 3;

/** Whether a task begins with scouts. */
export const scouts = (rules: SplitRules): boolean => !rules.has('useScout');

/**
 * How many files scouts may take: enough for ten jobs (contract 9.3).
 *
 * @param sizes bytes of the files in the order in which jobs take them; of split files and made-up ones none are given
 */
export const filesForScouts = (rules: SplitRules, sizes: Iterable<number> | undefined): number => {
  const perJob = rules.number('nFilesPerJob');
  if (perJob !== undefined) return SCOUTS * perJob;
  if (sizes === undefined) return SCOUTS;
  const filesMax = rules.number('nMaxFilesPerJob') ?? FILES_PER_JOB_MAX;
  const gigabytes = rules.text('nGBPerJob') === 'MAX' ? Infinity : (rules.number('nGBPerJob') ?? GIGABYTES_PER_JOB_MAX);
  const bytesMax = gigabytes * BYTES_PER_GIGABYTE;
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
