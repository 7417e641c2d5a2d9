import { Command } from 'commander';
import { PAST_VIEW_COMMAND } from '#contracts/cairn/past-view.js';
import { CAIRN_VERSION } from '#platform/version.js';
import { runMain } from '#platform/run-main.js';
import { runProgram, type Terminal } from './command-line.js';

interface Entry {
  readonly name: string;
  readonly summary: string;
  /** Commands are loaded on demand, so that `serve` starts without the others. */
  readonly load: () => Promise<(terminal: Terminal) => Command>;
  /** Only Cairn itself runs it. */
  readonly isHidden?: true;
}

const COMMANDS: readonly Entry[] = [
  {
    name: 'serve',
    summary: 'run the whole of Cairn in one process (default)',
    load: async () => (await import('./serve.js')).serveCommand,
  },
  {
    name: 'pilot',
    summary: 'claim tasks from a Cairn and run them here',
    load: async () => (await import('./pilot/pilot-command.js')).pilotCommand,
  },
  {
    name: 'run',
    summary: 'run a Torc workflow on this machine',
    load: async () => (await import('./run/run-command.js')).runCommand,
  },
  {
    name: 'slurm',
    summary: 'run workflows in allocations of a Slurm cluster',
    load: async () => (await import('./slurm/slurm-command.js')).slurmCommand,
  },
  {
    name: 'token',
    summary: 'print a bearer token',
    load: async () => (await import('./token-command.js')).tokenCommand,
  },
  {
    name: 'user',
    summary: 'add, change and remove local accounts',
    load: async () => (await import('./user-command.js')).userCommand,
  },
  {
    name: 'client',
    summary: 'add and remove programs that may ask for tokens',
    load: async () => (await import('./client-command.js')).clientCommand,
  },
  {
    name: 'key',
    summary: 'rotate the key that signs tokens',
    load: async () => (await import('./key-command.js')).keyCommand,
  },
  {
    name: 'bus',
    summary: 'make keys and permissions for separate processes over NATS',
    load: async () => (await import('./bus-command.js')).busCommand,
  },
  {
    name: 'ledger',
    summary: 'make the users of EventStoreDB that separate processes log in as',
    load: async () => (await import('./ledger-command.js')).ledgerCommand,
  },
  {
    name: 'verify',
    summary: 'check that nobody has changed the history',
    load: async () => (await import('./verify-command.js')).verifyCommand,
  },
  {
    name: 'replay',
    summary: 'show Cairn as it was at a moment of its history',
    load: async () => (await import('./replay-command.js')).replayCommand,
  },
  {
    name: 'checkpoint',
    summary: 'list and export signed checkpoints of the history',
    load: async () => (await import('./checkpoint-command.js')).checkpointCommand,
  },
  {
    name: 'prove',
    summary: 'prove to others that an event is in the history',
    load: async () => (await import('./prove-command.js')).proveCommand,
  },
  {
    name: 'export',
    summary: 'write the whole history into a file',
    load: async () => (await import('./export-command.js')).exportCommand,
  },
  {
    name: 'import',
    summary: 'bring an exported history into another ledger',
    load: async () => (await import('./import-command.js')).importCommand,
  },
  {
    name: 'archive',
    summary: 'move the history of old workloads out of the ledger',
    load: async () => (await import('./archive-command.js')).archiveCommand,
  },
  {
    name: 'pseudonymize',
    summary: 'replace the name of a person in the history',
    load: async () => (await import('./pseudonymize-command.js')).pseudonymizeCommand,
  },
  {
    name: PAST_VIEW_COMMAND,
    summary: 'show the past of a workload',
    load: async () => (await import('./past/past-view-command.js')).pastViewCommand,
    isHidden: true,
  },
];

const NOTES = `
Environment variables configure Cairn; the README lists them.
In a clone of the sources, 'npx cairn' runs these commands.

Exit codes: 0 success; 1 failure, or a check that found faults; 2 a command line that is wrong.`;

/** The command line of Cairn, of which only the command that `words` name is loaded. */
const programFor = async (words: readonly string[]): Promise<Command> => {
  const program = new Command('cairn')
    .description('An event-sourced workload manager for high-throughput science computing.')
    .version(CAIRN_VERSION, '-V, --version', 'print the version')
    .addHelpText('after', NOTES);
  const requested = words.find((word) => word !== 'help');
  for (const { name, summary, load, isHidden = false } of COMMANDS) {
    const command = name === requested ? (await load())(process) : new Command(name);
    program.addCommand(command.summary(summary), { hidden: isHidden });
  }
  return program;
};

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader such as `head` may close the pipe early.
  if (error.code !== 'EPIPE') throw error;
});

// The launcher (bin/cairn.mjs) holds a channel to this process, which ends with it, also when it is killed.
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();

await runMain('cairn', async () => {
  const given = process.argv.slice(2);
  const words = given.length === 0 ? ['serve'] : given;
  await runProgram(await programFor(words), words, process);
});
