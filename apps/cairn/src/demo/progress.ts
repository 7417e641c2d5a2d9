import type { WriteStream } from 'node:tty';

/** Number of tasks by name and status. */
export type Counts = ReadonlyMap<string, ReadonlyMap<string, number>>;

const BAR_CELLS = 40;
/** Plain lines go to logs: at most one each second. */
const LINE_EVERY_MS = 1_000;
const CLEAR_LINE = '\x1b[2K';

const total = (statuses: ReadonlyMap<string, number>): number =>
  [...statuses.values()].reduce((sum, count) => sum + count, 0);

const bar = (statuses: ReadonlyMap<string, number>): string => {
  const all = Math.max(1, total(statuses));
  const done = Math.round(((statuses.get('complete') ?? 0) / all) * BAR_CELLS);
  const busy = Math.round((((statuses.get('processing') ?? 0) + (statuses.get('queued') ?? 0)) / all) * BAR_CELLS);
  const shownBusy = Math.min(busy, BAR_CELLS - done);
  return '█'.repeat(done) + '▒'.repeat(shownBusy) + '·'.repeat(BAR_CELLS - done - shownBusy);
};

const words = (statuses: ReadonlyMap<string, number>): string =>
  [...statuses].map(([status, count]) => `${count} ${status}`).join(', ');

const width = (counts: Counts): number => Math.max(0, ...[...counts.keys()].map((name) => name.length));

/** A line for each name. */
export const tableOf = (counts: Counts): readonly string[] =>
  [...counts].map(([name, statuses]) => `  ${name.padEnd(width(counts))}  ${words(statuses)}`);

export interface Progress {
  show(counts: Counts): void;
}

/** Draws bars on a terminal, and prints a line for each change elsewhere. */
export const progressOn = (stream: NodeJS.WriteStream | WriteStream): Progress => {
  let drawn = 0;
  let last = '';
  let lastMs = -Infinity;
  const startedMs = performance.now();
  const seconds = (): string => `${((performance.now() - startedMs) / 1000).toFixed(1).padStart(5)} s`;
  if (!stream.isTTY) {
    return {
      show: (counts) => {
        const line = [...counts].map(([name, statuses]) => `${name}: ${words(statuses)}`).join(' | ');
        const isDone = [...counts.values()].every((statuses) => statuses.size === 1 && statuses.has('complete'));
        if (line === last || (!isDone && performance.now() - lastMs < LINE_EVERY_MS)) return;
        stream.write(`${seconds()}  ${line}\n`);
        last = line;
        lastMs = performance.now();
      },
    };
  }
  return {
    show: (counts) => {
      const columns = stream.columns;
      const lines = [...counts].map(([name, statuses]) =>
        `  ${name.padEnd(width(counts))} ${bar(statuses)} ${words(statuses)}`.slice(0, Math.max(20, columns - 1)),
      );
      const up = drawn > 0 ? `\x1b[${drawn}A` : '';
      stream.write(up + [...lines, `  ${seconds()}`].map((line) => `${CLEAR_LINE}${line}\n`).join(''));
      drawn = lines.length + 1;
    },
  };
};
