import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { unusableMarker } from '#event-sourcing/model-file.js';
import { OwnerLock } from '#event-sourcing/owner-lock.js';
import { rebuiltFileOf, refusalFileOf, removeDatabase } from '#event-sourcing/rebuilt-files.js';
import { CannotStart } from '#platform/cannot-start.js';

const LOOK_MS = 200;

/** Commands wait meanwhile: a service that takes longer has a fault. */
const TAKEN_WITHIN_MS = 600_000;

/** The lock of a live file; undefined while a running Cairn has it. */
export const lockIfIdle = (file: string): OwnerLock | undefined => {
  try {
    return OwnerLock.take(file);
  } catch (error) {
    if (error instanceof CannotStart) return undefined;
    throw error;
  }
};

/** Puts a rebuilt file in the place of one that nobody uses. */
export const moveInPlace = (rebuilt: string, live: string): void => {
  // What the log of the old file holds must not get into the new one. The last connection removes an empty log.
  const old = new DatabaseSync(live);
  old.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  old.close();
  renameSync(rebuilt, live);
  // One that a service has not taken is older, and would be taken at its next start.
  removeDatabase(rebuiltFileOf(live));
  rmSync(unusableMarker(live), { force: true });
};

/**
 * Has the running owner of a live file take over a rebuilt one.
 *
 * @returns why it has not; undefined when it has
 */
export const handOver = async (rebuilt: string, live: string): Promise<string | undefined> => {
  const [offered, refusal] = [rebuiltFileOf(live), refusalFileOf(live)];
  if (existsSync(offered)) return 'the service has not taken an earlier one yet';
  rmSync(refusal, { force: true });
  renameSync(rebuilt, offered);
  for (let waitedMs = 0; existsSync(offered); waitedMs += LOOK_MS) {
    if (waitedMs >= TAKEN_WITHIN_MS) {
      removeDatabase(offered);
      return 'the service does not take it';
    }
    await delay(LOOK_MS);
  }
  if (!existsSync(refusal)) return undefined;
  const reason = readFileSync(refusal, 'utf8');
  rmSync(refusal);
  return reason;
};
