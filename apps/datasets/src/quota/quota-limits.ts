import { DomainError } from '#platform/domain-error.js';
import type { Environment } from '#platform/environment.js';

/** What is counted of datasets. */
interface Counts {
  readonly datasets: number;
  readonly jobs: number;
  readonly tasks: number;
}

/** What quotas limit: what is open, and what was submitted since midnight (UTC). */
export interface Amounts extends Counts {
  readonly datasets_per_day: number;
  readonly jobs_per_day: number;
  readonly tasks_per_day: number;
  /** Asynchronous requests that have not ended. */
  readonly requests: number;
}

export type QuotaName = keyof Amounts;

/** Whose quota it is. */
export type Holder = { readonly user: string } | { readonly group: string };

/**
 * A user may have 50 datasets of 100,000 jobs with four tasks each open at a time, and half of that may come in one day. That is more than
 * people do, and less than what fills a disk or a queue: an open task takes 244 bytes of the read model.
 */
const DEFAULT_OF_USER: Amounts = {
  ...{ datasets: 5_000, jobs: 5_000_000, tasks: 20_000_000 },
  ...{ datasets_per_day: 2_500, jobs_per_day: 2_500_000, tasks_per_day: 10_000_000 },
  requests: 1_000,
};

/** Several people produce for a group. Requests are counted by user only. */
const DEFAULT_OF_GROUP: Amounts = {
  ...{ datasets: 20_000, jobs: 20_000_000, tasks: 80_000_000 },
  ...{ datasets_per_day: 10_000, jobs_per_day: 10_000_000, tasks_per_day: 40_000_000 },
  requests: Infinity,
};

const UNLIMITED: Amounts = {
  ...{ datasets: Infinity, jobs: Infinity, tasks: Infinity },
  ...{ datasets_per_day: Infinity, jobs_per_day: Infinity, tasks_per_day: Infinity },
  requests: Infinity,
};

/** Everybody is in it: with a limit of its own, a few could keep all others out. */
const GROUP_OF_EVERYBODY = 'group:users';

const isQuotaName = (word: string): word is QuotaName => Object.hasOwn(DEFAULT_OF_USER, word);

const limitIn = (text: string): number => (text === 'none' ? Infinity : Number(text));

/** @param given `name=limit` each */
const withGiven = (limits: Amounts, given: readonly string[]): Amounts => ({
  ...limits,
  ...Object.fromEntries(
    given.map((entry) => {
      const [name = '', limit = ''] = entry.split('=', 2);
      return [name, limitIn(limit)] as const;
    }),
  ),
});

const keyOf = (holder: Holder): string => ('user' in holder ? `user:${holder.user}` : `group:${holder.group}`);

const EXCEPTION = /^(.+):([a-z_]+)=(\d+|none)$/s;

/** Limits of single users and groups, by {@link keyOf}. The group of everybody has none but those given for it. */
const exceptionsIn = (given: readonly string[]): ReadonlyMap<string, Partial<Amounts>> => {
  const exceptions = new Map<string, Partial<Amounts>>([[GROUP_OF_EVERYBODY, UNLIMITED]]);
  for (const entry of given) {
    const [, key = '', name = '', limit = ''] = EXCEPTION.exec(entry) ?? [];
    if (isQuotaName(name)) exceptions.set(key, { ...exceptions.get(key), [name]: limitIn(limit) });
  }
  return exceptions;
};

const wordsOf = (name: QuotaName, limit: number): string =>
  name.endsWith('_per_day')
    ? `at most ${limit} ${name.slice(0, -'_per_day'.length)} may be submitted in a day (UTC)`
    : `at most ${limit} ${name} may be open`;

/** The quotas of users and groups, as the operator has set them. */
export class QuotaLimits {
  private readonly ofUsers: Amounts;
  private readonly ofGroups: Amounts;
  private readonly exceptions: ReadonlyMap<string, Partial<Amounts>>;

  constructor({ QUOTA_PER_USER, QUOTA_PER_GROUP, QUOTA_EXCEPTIONS }: Environment) {
    this.ofUsers = withGiven(DEFAULT_OF_USER, QUOTA_PER_USER);
    this.ofGroups = withGiven(DEFAULT_OF_GROUP, QUOTA_PER_GROUP);
    this.exceptions = exceptionsIn(QUOTA_EXCEPTIONS);
  }

  /**
   * The refusal of what would exceed a quota. Of what does not grow, more than the limit may be there: limits may be lowered at any time.
   *
   * @param growth how much more of each there would be
   */
  refusal(
    holder: Holder,
    used: Readonly<Partial<Amounts>>,
    growth: Readonly<Partial<Amounts>>,
  ): DomainError | undefined {
    const limits = { ...('user' in holder ? this.ofUsers : this.ofGroups), ...this.exceptions.get(keyOf(holder)) };
    for (const [name, more] of Object.entries(growth)) {
      if (!isQuotaName(name) || more <= 0) continue;
      const there = used[name] ?? 0;
      const limit = limits[name];
      if (there + more <= limit) continue;
      const whose = 'user' in holder ? `user ${holder.user}` : `group ${holder.group}`;
      return new DomainError(
        'state',
        'quota.exceeded',
        `quota of ${whose} exceeded: ${wordsOf(name, limit)}; ${there} there, ${more} more asked for`,
        { quota: name, limit, used: there, asked: more },
      );
    }
    return undefined;
  }
}
