import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CannotStart } from '#platform/cannot-start.js';
import { PRIVATE_FOLDER } from '#platform/private-files.js';
import { isBusy } from '#ledger/sqlite-busy.js';

/**
 * Lock of the process that owns a file. A second process that wrote to it would undo what the first has applied. The operating
 * system releases the lock when the process ends, however it ends.
 */
export class OwnerLock {
  private constructor(
    readonly file: string,
    private readonly database: DatabaseSync,
  ) {}

  /** @throws CannotStart while another process holds it */
  static take(file: string): OwnerLock {
    mkdirSync(dirname(file), { recursive: true, mode: PRIVATE_FOLDER });
    const database = new DatabaseSync(`${file}.lock`, { timeout: 0 });
    try {
      // A transaction that never ends, in a database that stays empty.
      database.exec('BEGIN EXCLUSIVE');
      return new OwnerLock(file, database);
    } catch (error) {
      database.close();
      if (!isBusy(error)) throw error;
      throw new CannotStart(`another process uses ${file}; stop it, or choose another CAIRN_DATA_DIR`);
    }
  }

  release(): void {
    this.database.close();
  }
}
