import { setTimeout as delay } from 'node:timers/promises';

const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;

/** Whether another connection holds what the statement needed. The low byte is the primary code of an extended one. */
export const isBusy = (error: unknown): boolean => {
  if (typeof error !== 'object' || error === null) return false;
  if (!('errcode' in error) || typeof error.errcode !== 'number') return false;
  const code = error.errcode & 0xff;
  return code === SQLITE_BUSY || code === SQLITE_LOCKED;
};

/** Processes that wait for the same lock come at different moments. */
export const busyPauseMs = (): number => 1 + Math.random() * 2;

/**
 * Repeats `action` while another connection is in the way, without blocking the event loop as SQLite's own busy handler
 * does.
 */
export const retryWhileBusy = async <Result>(action: () => Result, patienceMs: number): Promise<Result> => {
  const giveUpAt = performance.now() + patienceMs;
  for (;;) {
    try {
      return action();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= giveUpAt) throw error;
    }
    await delay(busyPauseMs());
  }
};
