/** How long a unit waits after its first failure; each further one doubles it. */
const RETRY_SECONDS_FIRST = 10;
const RETRY_SECONDS_MAX = 600;

/** A worker whose last so many runs have all failed gets nothing for a while. */
const FAILURES_IN_A_ROW_MAX = 5;

/** How long; each further failure doubles it. */
const PAUSE_SECONDS_FIRST = 60;
const PAUSE_SECONDS_MAX = 900;

const doubled = (first: number, times: number, most: number): number => Math.min(first * 2 ** times, most);

/** How long a unit is kept from workers after a failure, the `failures`th. */
export const retrySeconds = (failures: number): number =>
  doubled(RETRY_SECONDS_FIRST, Math.max(0, failures - 1), RETRY_SECONDS_MAX);

/** How long a worker gets nothing after a failure, the `failures`th in a row; undefined when it may go on. */
export const pauseSeconds = (failures: number): number | undefined =>
  failures < FAILURES_IN_A_ROW_MAX
    ? undefined
    : doubled(PAUSE_SECONDS_FIRST, failures - FAILURES_IN_A_ROW_MAX, PAUSE_SECONDS_MAX);
