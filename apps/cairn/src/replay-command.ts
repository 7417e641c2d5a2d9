import { Command } from 'commander';
import { loadEnvironment } from '#platform/environment.js';
import { integerFrom, type Terminal, UsageError } from './command-line.js';

const PORT_MAX = 65_535;

interface Options {
  readonly until?: string;
  readonly port: number;
}

/** `cairn replay` */
export const replayCommand = (terminal: Terminal): Command =>
  new Command('replay')
    .description(
      `Makes Cairn of its history once more. With --until it serves Cairn as it was at a moment, on this machine, until it is stopped: all
APIs answer as they answered then, and refuse changes. It may run beside Cairn, whose tokens and accounts count.`,
    )
    .option('--until <moment>', 'a position in the history, or a time with its zone such as 2026-01-31T12:00:00Z')
    .option('--port <port>', 'where --until listens, by default a free port', integerFrom(0, PORT_MAX), 0)
    .action(async ({ until, port }: Options) => {
      if (until === undefined) throw new UsageError('--until is missing');
      const { replayUntil } = await import('./past/replay-until.js');
      await replayUntil(until, port, loadEnvironment(terminal.env), terminal);
    });
