import type { JobAttributes } from '#contracts/panda/job-attributes.js';

/** Who found an error, by the attributes that tell it, in the order in which errors arise. */
const SOURCES = [
  ['payload', 'transExitCode', undefined],
  ['payload', 'exeErrorCode', 'exeErrorDiag'],
  ['pilot', 'pilotErrorCode', 'pilotErrorDiag'],
  ['worker', 'supErrorCode', 'supErrorDiag'],
  ['data management', 'ddmErrorCode', 'ddmErrorDiag'],
  ['brokerage', 'brokerageErrorCode', 'brokerageErrorDiag'],
  ['dispatcher', 'jobDispatcherErrorCode', 'jobDispatcherErrorDiag'],
  ['server', 'taskBufferErrorCode', 'taskBufferErrorDiag'],
] as const;

const isError = (code: string | number | null | undefined): boolean =>
  code !== undefined && code !== null && code !== '' && Number(code) !== 0;

/** All errors of an attempt in one readable text, not only the first of them (PanDA contract 14 #8). */
export const errorText = (attributes: JobAttributes): string => {
  const errors = SOURCES.flatMap(([source, code, diagnostic]) => {
    const number = attributes[code];
    if (!isError(number)) return [];
    const text = diagnostic === undefined ? 'exit code' : attributes[diagnostic];
    return [
      text === null || text === undefined || text === '' ? `${source} ${number}` : `${source} ${number}: ${text}`,
    ];
  });
  return errors.length === 0 ? 'failed without an error' : errors.join('; ');
};
