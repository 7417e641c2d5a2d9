import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { formatTimestamp } from '#platform/clock.js';
import { copyDatabase } from '#platform/copy-database.js';
import type { Environment } from '#platform/environment.js';
import { urlOf } from '#platform/health-listener.js';
import { INSTANT_EXPECTED, readInstant } from '#platform/instant.js';
import { createLog } from '#platform/logging.js';
import { stopOnSignal } from '#platform/shutdown.js';
import { readHistoryCursor } from '#event-sourcing/history-cursor.js';
import type { EventMetadata, Ledger, Position } from '#ledger/ledger.js';
import { ledgerLocation, openLedger } from '#ledger/open-ledger.js';
import { PastLedger } from '#ledger/past-ledger.js';
import { positionAtTime } from '#ledger/position-at-time.js';
import { type Terminal, UsageError } from '../command-line.js';
import { existingDataFolder } from '../data-folder.js';
import { openPastBlobs, type PastBlobs } from './past-blobs.js';
import { makePastFolder } from './past-folder.js';

/** @throws UsageError */
const positionOf = async (ledger: Ledger, moment: string): Promise<Position> => {
  const cursor = readHistoryCursor(moment);
  const timeMicros = cursor === undefined ? readInstant(moment) : undefined;
  const position = cursor?.at ?? (timeMicros === undefined ? undefined : await positionAtTime(ledger, timeMicros));
  if (position === undefined)
    throw new UsageError(`--until is "${moment}"; expected a position, or ${INSTANT_EXPECTED}`);
  const head = await ledger.head();
  if (position > head) throw new UsageError(`--until is ${position}; the ledger ends at position ${head}`);
  return position;
};

/** `position 4711 (2026-01-31T12:00:00.000000Z)` */
const nameOf = async (ledger: Ledger, position: Position): Promise<string> => {
  const event = await ledger.eventAt(position);
  if (event === undefined) return `position ${position}`;
  const { timeMicros } = JSON.parse(event.metadata) as EventMetadata;
  return `position ${position} (${formatTimestamp(timeMicros)}Z)`;
};

/** People log in there with the accounts of today. */
const copyAccounts = async (dataDir: string, folder: string): Promise<void> => {
  const file = join('key-value-store', 'auth.sqlite');
  if (!existsSync(join(dataDir, file))) return;
  await mkdir(join(folder, 'key-value-store'), { recursive: true });
  await copyDatabase(join(dataDir, file), join(folder, file));
};

/**
 * Serves Cairn as it was at a moment, until a signal comes.
 *
 * @param moment a position, or a time with its zone
 */
export const replayUntil = async (
  moment: string,
  port: number,
  environment: Environment,
  { stdout }: Terminal,
): Promise<void> => {
  const dataDir = existingDataFolder(environment);
  const log = createLog(environment, 'past');
  const wait = { withinMs: environment.START_WAIT_SECONDS * 1000, log };
  const present = await openLedger({ ...ledgerLocation(environment), wait });
  let folder: string | undefined;
  let stored: PastBlobs | undefined;
  try {
    const until = await positionOf(present, moment);
    const name = await nameOf(present, until);
    const ledger = new PastLedger(present, until);
    folder = await makePastFolder(dataDir, 'replay');
    await copyAccounts(dataDir, folder);
    stored = await openPastBlobs(environment, log);
    // Loaded when all is well: it is the whole of Cairn.
    const { startWholePast } = await import('./start-whole-past.js');
    const app = await startWholePast({
      ledger,
      environment,
      blobs: stored.blobs,
      folder,
      log,
      refusal: `This is Cairn as it was at ${name}: it can be read, and nothing can be changed`,
    });
    await app.listen(port, '127.0.0.1');
    const [made, opened] = [folder, stored];
    stopOnSignal(
      [
        { name: 'close the services', run: () => app.close() },
        { name: 'close the ledger', run: () => ledger.close() },
        { name: 'close the blob store', run: () => opened.close() },
        { name: 'remove what was made', run: () => rm(made, { recursive: true }) },
      ],
      log,
    );
    stdout.write(`Cairn as it was at ${name} listens on ${urlOf(app.getHttpServer().address())}\n`);
  } catch (error) {
    await present.close();
    await stored?.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    throw error;
  }
};
