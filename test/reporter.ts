/** The parts of Jest's results that the reporter uses; Jest's own types are in packages that Cairn does not depend on. */
interface SuiteResult {
  readonly testFilePath: string;
  readonly numPassingTests: number;
  readonly numFailingTests: number;
  readonly failureMessage?: string | null;
  readonly perfStats: { readonly start: number; readonly end: number };
}

interface RunResults {
  readonly numTotalTestSuites: number;
  readonly numFailedTestSuites: number;
  readonly numPassedTestSuites: number;
  readonly numPendingTestSuites: number;
  readonly numRuntimeErrorTestSuites: number;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
}

/** Counts so far, which the reporter sends to the process that started Jest. */
export interface Progress {
  readonly suites: number;
  readonly suitesDone: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const progressOf = (results: RunResults): Progress => ({
  suites: results.numTotalTestSuites,
  suitesDone: results.numPassedTestSuites + results.numFailedTestSuites + results.numPendingTestSuites,
  passed: results.numPassedTests,
  // A suite that could not run counts as one failure.
  failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
  skipped: results.numPendingTests,
});

const relative = (path: string): string => path.replace(`${process.cwd()}/`, '');

/** Lines of a suite's failures that are told again at the end. */
const REPEATED_LINES = 60;

/** One line for each finished suite, and what failed in it: `[ 12/210]   3.1 s  14 passed  libs/bus/src/deadline.int.spec.ts`. */
export default class SuiteReporter {
  private readonly failures: string[] = [];

  onRunStart(results: RunResults): void {
    process.send?.(progressOf(results));
  }

  onTestResult(_test: unknown, suite: SuiteResult, results: RunResults): void {
    const progress = progressOf(results);
    process.send?.(progress);
    const { numPassingTests: passed, numFailingTests: failed, failureMessage, perfStats } = suite;
    const width = String(progress.suites).length;
    const seconds = ((perfStats.end - perfStats.start) / 1000).toFixed(1).padStart(6);
    const hasFailed = failed > 0 || (failureMessage ?? '') !== '';
    const counts = `${String(passed).padStart(4)} passed${failed > 0 ? `, ${failed} failed` : ''}`;
    process.stdout.write(
      `[${String(progress.suitesDone).padStart(width)}/${progress.suites}] ${seconds} s ${counts}  ${hasFailed ? 'FAILED ' : ''}${relative(suite.testFilePath)}\n`,
    );
    if (!hasFailed) return;
    process.stdout.write(`${failureMessage ?? ''}\n`);
    this.failures.push(`FAILED ${relative(suite.testFilePath)}\n${failureMessage ?? ''}`);
  }

  /** Failures once more, because logs of continuous integration show the end of the output only. */
  onRunComplete(): void {
    for (const failure of this.failures) {
      process.stdout.write(`${failure.split('\n').slice(0, REPEATED_LINES).join('\n')}\n`);
    }
  }

  getLastError(): undefined {
    return undefined;
  }
}
