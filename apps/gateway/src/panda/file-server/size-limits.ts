const MIB = 1024 * 1024;

/** No upload is longer, whatever it says of its length. */
export const UPLOAD_BYTES_MAX = 768 * MIB;
export const LOG_BYTES_MAX = 100 * MIB;
export const CHECKPOINT_BYTES_MAX = 500 * MIB;
export const RUN_LIST_BYTES_MAX = 10 * MIB;

interface SizeClass {
  readonly isOf: (name: string) => boolean;
  readonly mib: number;
  readonly advice: string;
}

const REMOVE_FILES = 'Please remove redundant files from your work area';

/** In the order in which they are tried (contract 7.2). */
const SIZE_CLASSES: readonly SizeClass[] = [
  { isOf: (name) => name.endsWith('.out'), mib: 100, advice: REMOVE_FILES },
  {
    isOf: (name) => !name.startsWith('sources.'),
    mib: 10,
    advice: 'Please submit the job without --noBuild/--libDS since those options impose a tighter size limit',
  },
  { isOf: () => true, mib: 768, advice: REMOVE_FILES },
];

/**
 * What is said of a sandbox that is too large; undefined of another.
 *
 * @param bytes length of the request
 */
export const sandboxSizeProblem = (name: string, bytes: number): string | undefined => {
  const { mib, advice } = SIZE_CLASSES.find(({ isOf }) => isOf(name)) ?? { mib: 0, advice: '' };
  if (bytes <= mib * MIB) return undefined;
  const size = Math.floor(bytes / MIB);
  return `ERROR: upload failure. Exceeded size limit ${size} MB > ${mib} MB. ${advice}`;
};
