import { runMain } from '#platform/run-main.js';
import { asksForHelp, type Command, runCommand } from './command-line.js';

const USAGE = `Usage: cairn [serve | pilot | token | user | client | key | verify] [options]

  serve   the whole of Cairn in one process (default)
  pilot   claims tasks from a Cairn and runs them here
  token   prints a bearer token signed with the key in the data folder
  user    adds, changes and removes local accounts
  client  adds and removes programs that may ask for tokens
  key     rotates the key that signs tokens
  verify  checks that nobody has changed the history

Each of them explains itself: cairn user --help
`;
const EXIT_UNKNOWN = 2;

/** Each command is loaded only when it is asked for, so that serving starts without the others. */
const load = async (name: string): Promise<Command | undefined> => {
  switch (name) {
    case 'serve':
      return (await import('./serve.js')).serveCommand;
    case 'pilot':
      return (await import('./pilot/pilot.js')).pilotCommand;
    case 'token':
      return (await import('./token-command.js')).tokenCommand;
    case 'user':
      return (await import('./account-command.js')).userCommand;
    case 'client':
      return (await import('./account-command.js')).clientCommand;
    case 'key':
      return (await import('./key-command.js')).keyCommand;
    case 'verify':
      return (await import('./verify-command.js')).verifyCommand;
    default:
      return undefined;
  }
};

const run = async (name: string, words: readonly string[]): Promise<number> => {
  const command = await load(name);
  if (command !== undefined) return runCommand(command, words, process);
  const isHelp = asksForHelp([name]);
  (isHelp ? process.stdout : process.stderr).write(USAGE);
  return isHelp ? 0 : EXIT_UNKNOWN;
};

const [name = 'serve', ...words] = process.argv.slice(2);
await runMain('cairn', async () => {
  process.exitCode = await run(name, words);
});
