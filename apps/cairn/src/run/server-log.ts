import { appendFileSync } from 'node:fs';

/** Adds lines to the log of a server. On a full disk lines are lost, and not the run with its jobs; the user is told why, once. */
export const serverLog = (file: string, note: (line: string) => void): ((line: string) => void) => {
  let losesLines = false;
  return (line) => {
    try {
      appendFileSync(file, `${line}\n`, { mode: 0o600 });
      losesLines = false;
    } catch (error) {
      if (!losesLines) note(`${file} takes no more lines: ${error instanceof Error ? error.message : String(error)}`);
      losesLines = true;
    }
  };
};
