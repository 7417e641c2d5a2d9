/** Longest that one check may take before it counts as failed. */
export const CHECK_TIMEOUT_MS = 1000;

/** Resolves when all is well; rejects, or takes longer than {@link CHECK_TIMEOUT_MS}, when not. */
export type HealthCheck = () => Promise<void> | void;

export interface HealthReport {
  readonly ready: boolean;
  /** `ok`, or what is wrong, by name of the check. */
  readonly checks: Readonly<Record<string, string>>;
}

const within = async (check: HealthCheck): Promise<void> => {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => timeout.reject(new Error(`took longer than ${CHECK_TIMEOUT_MS} ms`)),
    CHECK_TIMEOUT_MS,
  );
  try {
    await Promise.race([check(), timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
};

/** Named readiness checks of this process; modules add their own. `/livez` needs none: who answers is alive. */
export class Health {
  private readonly checks = new Map<string, HealthCheck>();

  add(name: string, check: HealthCheck): void {
    this.checks.set(name, check);
  }

  /** From now on not ready, so that no new work is sent here. */
  stopping(): void {
    this.add('process', () => {
      throw new Error('is stopping');
    });
  }

  async report(): Promise<HealthReport> {
    const results = await Promise.all(
      [...this.checks].map(async ([name, check]): Promise<readonly [string, string]> => {
        try {
          await within(check);
          return [name, 'ok'];
        } catch (error) {
          return [name, error instanceof Error ? error.message : String(error)];
        }
      }),
    );
    return { ready: results.every(([, result]) => result === 'ok'), checks: Object.fromEntries(results) };
  }
}
