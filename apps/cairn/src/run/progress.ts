import type { JobStatus } from '#contracts/torc/statuses.js';

/** Where a run stands. */
export interface Snapshot {
  readonly counts: ReadonlyMap<JobStatus, number>;
  /** Titles of the jobs that run here. */
  readonly running: readonly string[];
}

/** A terminal, or a file or pipe. */
export interface ProgressOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Shows how a run goes on. */
export interface Progress {
  /** Writes a line that stays. */
  note(line: string): void;
  show(snapshot: Snapshot): void;
  /** Takes away what does not stay. */
  end(): void;
  /** How often {@link show} is of use. */
  readonly intervalMs: number;
}

const BAR_CELLS = 40;
const COLUMNS = 80;
const CLEAR_BELOW = '\x1b[0J';
const TERMINAL_MS = 500;
/** Lines go to logs. */
const LINES_MS = 5_000;

const ENDED: readonly JobStatus[] = ['done', 'terminated', 'canceled'];
const BUSY: readonly JobStatus[] = ['submitted', 'submitted_pending'];

const sum = (counts: Snapshot['counts'], statuses: Iterable<JobStatus>): number =>
  [...statuses].reduce((total, status) => total + (counts.get(status) ?? 0), 0);

const words = (counts: Snapshot['counts']): string =>
  [...counts]
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${String(count)} ${status}`)
    .join(', ');

const bar = (counts: Snapshot['counts']): string => {
  const all = Math.max(1, sum(counts, counts.keys()));
  const ended = Math.round((sum(counts, ENDED) / all) * BAR_CELLS);
  const busy = Math.min(Math.ceil((sum(counts, BUSY) / all) * BAR_CELLS), BAR_CELLS - ended);
  return '█'.repeat(ended) + '▒'.repeat(busy) + '·'.repeat(BAR_CELLS - ended - busy);
};

/** What jobs print may control terminals. */
const printable = (line: string): string => line.replaceAll(/\p{Cc}/gu, '\uFFFD');

/** A bar and the running jobs below the notes on a terminal; elsewhere lines. */
export const progressOn = (output: ProgressOutput): Progress => {
  const startedMs = performance.now();
  const seconds = (): string => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
  if (output.isTTY !== true) {
    let last = '';
    return {
      note: (line) => output.write(`${printable(line)}\n`),
      show: ({ counts }) => {
        const line = words(counts);
        if (line !== last) output.write(`${seconds().padStart(8)}  ${line}\n`);
        last = line;
      },
      end: () => undefined,
      intervalMs: LINES_MS,
    };
  }
  let drawn: readonly string[] = [];
  const erased = (): string => (drawn.length > 0 ? `\x1b[${String(drawn.length)}A\r${CLEAR_BELOW}` : '');
  const draw = (): string => drawn.map((line) => `${line}\n`).join('');
  return {
    note: (line) => output.write(`${erased()}${printable(line)}\n${draw()}`),
    show: ({ counts, running }) => {
      // Some terminals do not know how wide they are, and say 0.
      const width = (output.columns || COLUMNS) - 1;
      const before = erased();
      drawn = [
        `${bar(counts)} ${seconds()}  ${words(counts)}`,
        ...(running.length > 0 ? [`running: ${running.join(', ')}`] : []),
      ].map((line) => printable(line).slice(0, width));
      output.write(before + draw());
    },
    end: () => {
      output.write(erased());
      drawn = [];
    },
    intervalMs: TERMINAL_MS,
  };
};
