import type { JobAttributes } from '#contracts/panda/job-attributes.js';
import type { ErrorSource } from '#contracts/panda/retry-rules.js';

/** How the errors that an attribute tells are called, and where their diagnostics are, in the order in which errors arise. */
const SOURCES = [
  ['payload exit code', 'transExitCode', 'exeErrorDiag'],
  ['payload error', 'exeErrorCode', 'exeErrorDiag'],
  ['pilot error', 'pilotErrorCode', 'pilotErrorDiag'],
  ['worker error', 'supErrorCode', 'supErrorDiag'],
  ['data management error', 'ddmErrorCode', 'ddmErrorDiag'],
  ['brokerage error', 'brokerageErrorCode', 'brokerageErrorDiag'],
  ['job dispatcher error', 'jobDispatcherErrorCode', 'jobDispatcherErrorDiag'],
  ['server error', 'taskBufferErrorCode', 'taskBufferErrorDiag'],
] as const;

/** One of the errors of a job. */
export interface JobError {
  readonly source: ErrorSource;
  readonly code: string;
  /** Empty when nobody has given one. */
  readonly diagnostic: string;
  /** For people. A diagnostic that several errors share is told once, with the last of them. */
  readonly text: string;
}

const isError = (code: string | number | null | undefined): code is string | number =>
  code !== undefined && code !== null && code !== '' && Number(code) !== 0;

/** All errors of an attempt, not only the first of them (PanDA contract 14 #8). */
export const jobErrors = (attributes: JobAttributes): readonly JobError[] =>
  SOURCES.flatMap(([words, source, diagnosticName]) => {
    const code = attributes[source];
    if (!isError(code)) return [];
    const diagnostic = attributes[diagnosticName] ?? '';
    const isToldLater = source === 'transExitCode' && isError(attributes.exeErrorCode);
    const text = `${words} ${code}${diagnostic === '' || isToldLater ? '' : `: ${diagnostic}`}`;
    return [{ source, code: String(code), diagnostic, text }];
  });

/** All errors of an attempt in one readable text; empty when there is none. */
export const errorText = (attributes: JobAttributes): string =>
  jobErrors(attributes)
    .map(({ text }) => text)
    .join('; ');
