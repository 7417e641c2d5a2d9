import { sandboxSizeProblem } from './size-limits.js';

const MIB = 1024 * 1024;
const TIGHTER = 'Please submit the job without --noBuild/--libDS since those options impose a tighter size limit';
const REMOVE = 'Please remove redundant files from your work area';

describe('sizes of sandboxes', () => {
  it.each([
    ['jobO.1.tar.gz', 10 * MIB, undefined],
    ['jobO.1.tar.gz', 10 * MIB + 1, `ERROR: upload failure. Exceeded size limit 10 MB > 10 MB. ${TIGHTER}`],
    ['jobO.1.tar.gz', 12.9 * MIB, `ERROR: upload failure. Exceeded size limit 12 MB > 10 MB. ${TIGHTER}`],
    ['sources', 11 * MIB, `ERROR: upload failure. Exceeded size limit 11 MB > 10 MB. ${TIGHTER}`],
    ['sources.1.tar.gz', 768 * MIB, undefined],
    ['sources.1.tar.gz', 800 * MIB, `ERROR: upload failure. Exceeded size limit 800 MB > 768 MB. ${REMOVE}`],
    ['job.out', 100 * MIB, undefined],
    ['job.out', 101 * MIB, `ERROR: upload failure. Exceeded size limit 101 MB > 100 MB. ${REMOVE}`],
    ['sources.1.out', 200 * MIB, `ERROR: upload failure. Exceeded size limit 200 MB > 100 MB. ${REMOVE}`],
    // A length that is missing has no limit.
    ['jobO.1.tar.gz', 0, undefined],
  ])('%s of %d bytes: %s', (name, bytes, problem) => {
    expect(sandboxSizeProblem(name, bytes)).toBe(problem);
  });
});
