import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { CannotStart } from '#platform/cannot-start.js';
import { isBusy } from '#ledger/sqlite-busy.js';

/**
 * Held by the process that owns a file, so that no second one writes it: each would undo what the other has applied. The operating
 * system drops it with the process, however that ends.
 */
export class OwnerLock {
  private constructor(
    readonly file: string,
    private readonly database: DatabaseSync,
  ) {}

  /** @throws CannotStart while another process holds it */
  static take(file: string): OwnerLock {
    mkdirSync(dirname(file), { recursive: true });
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
