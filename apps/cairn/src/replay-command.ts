import { Command, InvalidArgumentError, Option } from 'commander';
import { loadEnvironment } from '#platform/environment.js';
import { type ServiceName, SERVICES } from '#bus/contract.js';
import { integerFrom, type Terminal } from './command-line.js';

const PORT_MAX = 65_535;

const isService = (name: string): name is ServiceName => (SERVICES as readonly string[]).includes(name);

const serviceNames = (name: string, previous: readonly ServiceName[] = []): readonly ServiceName[] => {
  if (!isService(name)) throw new InvalidArgumentError(`It must be one of ${SERVICES.join(', ')}.`);
  return [...previous, name];
};

interface Options {
  readonly until?: string;
  readonly port: number;
  readonly service?: readonly ServiceName[];
  readonly swap?: boolean;
}

/** `cairn replay` */
export const replayCommand = (terminal: Terminal): Command =>
  new Command('replay')
    .description(
      `Makes Cairn of its history once more. With --until it serves Cairn as it was at a moment, on this machine, until it is stopped: all
APIs answer as they answered then, and refuse changes; tokens and accounts of today count. Otherwise it rebuilds the read models of services
from the events that they hold, compares them with the live ones, and tells what differs: then the exit code is 1. With --swap it puts the
rebuilt ones in place of the live ones. All may run beside Cairn.`,
    )
    .option('--until <moment>', 'a position in the history, or a time with its zone such as 2026-01-31T12:00:00Z')
    .option('--port <port>', 'where --until listens, by default a free port', integerFrom(0, PORT_MAX), 0)
    .addOption(
      new Option(
        '--service <name>',
        'a service whose read model is rebuilt and compared; may be repeated (default: all)',
      )
        .argParser(serviceNames)
        .conflicts('until'),
    )
    .addOption(
      new Option('--swap', 'puts what was rebuilt in place, also in a running Cairn, which goes on reading').conflicts(
        'until',
      ),
    )
    .action(async ({ until, port, service = SERVICES, swap = false }: Options) => {
      if (until === undefined) {
        const { replayServices } = await import('./replay/replay-services.js');
        await replayServices({ services: service, swap }, terminal);
        return;
      }
      const { replayUntil } = await import('./past/replay-until.js');
      await replayUntil(until, port, loadEnvironment(terminal.env), terminal);
    });
