import { existsSync, rmSync, writeFileSync } from 'node:fs';
import type { Log } from '#platform/logging.js';
import { PRIVATE_FILE } from '#platform/private-files.js';
import { Rounds } from '#platform/rounds.js';

const LOOK_MS = 1000;

/** Where a rebuilt file is laid beside a live one, for its owner to take it over. */
export const rebuiltFileOf = (file: string): string => file.replace(/\.sqlite$/, '.rebuilt.sqlite');

/** Says why the owner has not taken a rebuilt file. */
export const refusalFileOf = (file: string): string => `${rebuiltFileOf(file)}.refused`;

/** Removes a SQLite file with all that belongs to it. */
export const removeDatabase = (file: string): void => {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
};

interface Replaceable {
  /** Whether it is being made: then it is not replaced yet. Waiting for it would keep the process from ending. */
  readonly behind?: boolean;
  replaceBy(rebuilt: string): Promise<void>;
}

/** Has the owner of a live file take over what `cairn replay --swap` lays beside it. Whoever may write there may do anything to the file. */
export class RebuiltFiles {
  private readonly rounds: Rounds;

  constructor(file: string, owner: Replaceable, log?: Log) {
    const rebuilt = rebuiltFileOf(file);
    const look = async (): Promise<void> => {
      if (owner.behind === true || !existsSync(rebuilt)) return;
      try {
        await owner.replaceBy(rebuilt);
        log?.info({ file }, 'A rebuilt file was put in place');
      } catch (error) {
        log?.error({ error, file }, 'A rebuilt file was not put in place');
        const reason = error instanceof Error ? error.message : String(error);
        writeFileSync(refusalFileOf(file), reason, { mode: PRIVATE_FILE });
      }
      removeDatabase(rebuilt);
    };
    this.rounds = new Rounds(look, (error) => log?.error({ error, file }, 'A rebuilt file cannot be looked for'));
    this.rounds.start(LOOK_MS);
  }

  /** Waits for a file that is being put in place. */
  close(): Promise<void> {
    return this.rounds.stop();
  }
}
