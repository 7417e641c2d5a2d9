/** Longest that one check may take before it counts as failed. */
export const CHECK_TIMEOUT_MS = 1000;

/** Resolves when all is well; rejects, or takes longer than {@link CHECK_TIMEOUT_MS}, when not. */
export type HealthCheck = () => Promise<void> | void;

type CheckResult = readonly [name: string, result: string];

export interface HealthReport {
  readonly ready: boolean;
  /** `ok`, or what is wrong, by name of the check. */
  readonly checks: Readonly<Record<string, string>>;
}

/** Another thread of this process. */
export interface OtherThread {
  readonly report: () => Promise<HealthReport>;
  /** Resolves when the thread gets to it, so never in one that is stuck. */
  readonly turn: () => Promise<void>;
}

/** A report of another thread, whose checks may take their whole time, has so much longer. */
const REPORT_GRACE_MS = 1000;

const within = async <Result>(check: () => Promise<Result> | Result, timeoutMs = CHECK_TIMEOUT_MS): Promise<Result> => {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new Error(`took longer than ${timeoutMs} ms`)), timeoutMs);
  try {
    return await Promise.race([check(), timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
};

const OK = 'ok';

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Named readiness checks of this process; modules add their own. `/livez` needs none: whose threads all answer is alive. */
export class Health {
  private readonly checks = new Map<string, HealthCheck>();
  private readonly others = new Map<string, OtherThread>();

  add(name: string, check: HealthCheck): void {
    this.checks.set(name, check);
  }

  /** Reports the checks of another thread together with its own; `name` stands for them when they cannot be had. */
  include(name: string, thread: OtherThread): void {
    this.others.set(name, thread);
  }

  /** Resolves when no thread of the process is stuck. */
  async alive(): Promise<void> {
    await Promise.all([...this.others.values()].map(({ turn }) => turn()));
  }

  /** From now on not ready, so that no new work is sent here. */
  stopping(): void {
    this.add('process', () => {
      throw new Error('is stopping');
    });
  }

  async report(): Promise<HealthReport> {
    const [own, others] = await Promise.all([this.ownChecks(), this.otherChecks()]);
    const results = [...others, ...own];
    const failed = results.filter(([, result]) => result !== OK);
    // Of checks that have the same name in both threads, the one that fails is shown.
    return { ready: failed.length === 0, checks: Object.fromEntries([...results, ...failed]) };
  }

  private ownChecks(): Promise<readonly CheckResult[]> {
    return Promise.all(
      [...this.checks].map(async ([name, check]): Promise<CheckResult> => {
        try {
          await within(check);
          return [name, OK];
        } catch (error) {
          return [name, reasonOf(error)];
        }
      }),
    );
  }

  private async otherChecks(): Promise<readonly CheckResult[]> {
    const reports = await Promise.all(
      [...this.others].map(async ([name, { report }]): Promise<readonly CheckResult[]> => {
        try {
          return Object.entries((await within(report, CHECK_TIMEOUT_MS + REPORT_GRACE_MS)).checks);
        } catch (error) {
          return [[name, reasonOf(error)]];
        }
      }),
    );
    return reports.flat();
  }
}
