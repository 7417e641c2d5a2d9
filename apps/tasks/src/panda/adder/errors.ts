import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import type { ErrorSource } from '#contracts/panda/retry-rules.js';

/** Who found an error, by the attributes that tell it, in the order in which errors arise. */
const FINDERS = [
  ['payload', 'transExitCode', undefined],
  ['payload', 'exeErrorCode', 'exeErrorDiag'],
  ['pilot', 'pilotErrorCode', 'pilotErrorDiag'],
  ['worker', 'supErrorCode', 'supErrorDiag'],
  ['data management', 'ddmErrorCode', 'ddmErrorDiag'],
  ['brokerage', 'brokerageErrorCode', 'brokerageErrorDiag'],
  ['dispatcher', 'jobDispatcherErrorCode', 'jobDispatcherErrorDiag'],
  ['server', 'taskBufferErrorCode', 'taskBufferErrorDiag'],
] as const;

/** One of the errors of a job. */
export interface JobError {
  readonly source: ErrorSource;
  readonly finder: string;
  readonly code: string;
  /** Empty when nobody has given one. */
  readonly diagnostic: string;
}

const isError = (code: string | number | null | undefined): code is string | number =>
  code !== undefined && code !== null && code !== '' && Number(code) !== 0;

/** All errors of an attempt, not only the first of them (PanDA contract 14 #8). */
export const jobErrors = (attributes: JobAttributes): readonly JobError[] =>
  FINDERS.flatMap(([finder, source, diagnosticName]) => {
    const code = attributes[source];
    if (!isError(code)) return [];
    const diagnostic = (diagnosticName === undefined ? 'exit code' : attributes[diagnosticName]) ?? '';
    return [{ source, finder, code: String(code), diagnostic }];
  });

/** All errors of an attempt in one readable text. */
export const errorText = (attributes: JobAttributes): string => {
  const errors = jobErrors(attributes).map(({ finder, code, diagnostic }) =>
    diagnostic === '' ? `${finder} ${code}` : `${finder} ${code}: ${diagnostic}`,
  );
  return errors.length === 0 ? 'failed without an error' : errors.join('; ');
};
