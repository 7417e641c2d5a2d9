/** How long a unit waits after its first failure. Each further failure doubles the time. */
const RETRY_SECONDS_FIRST = 10;
const RETRY_SECONDS_MAX = 600;

/** A worker is paused when this many runs in a row have failed. */
const FAILURES_IN_A_ROW_MAX = 5;

/** How long it is paused. Each further failure doubles the time. */
const PAUSE_SECONDS_FIRST = 60;
const PAUSE_SECONDS_MAX = 900;

const doubled = (first: number, times: number, most: number): number => Math.min(first * 2 ** times, most);

/** How long a unit is not handed out after its failure number `failures`. */
export const retrySeconds = (failures: number): number =>
  doubled(RETRY_SECONDS_FIRST, Math.max(0, failures - 1), RETRY_SECONDS_MAX);

/** How long a worker is paused after `failures` failures in a row. Undefined when it is not paused. */
export const pauseSeconds = (failures: number): number | undefined =>
  failures < FAILURES_IN_A_ROW_MAX
    ? undefined
    : doubled(PAUSE_SECONDS_FIRST, failures - FAILURES_IN_A_ROW_MAX, PAUSE_SECONDS_MAX);
