import { runMain } from '#platform/run-main.js';

const USAGE = `Usage: cairn [serve | pilot | token | user | client | key] [options]

  serve   the whole of Cairn in one process (default)
  pilot   claims tasks from a Cairn and runs them here
  token   prints a bearer token signed with the key in the data folder
  user    adds, changes and removes local accounts
  client  adds and removes programs that may ask for tokens
  key     rotates the key that signs tokens
`;

/** Each command is loaded only when it is asked for, so that serving starts without the others. */
const run = async (command: string, args: readonly string[]): Promise<void> => {
  switch (command) {
    case 'serve': {
      const { serve } = await import('./serve.js');
      return serve();
    }
    case 'pilot': {
      const { runPilot } = await import('./pilot/pilot.js');
      process.exitCode = await runPilot(args);
      return;
    }
    case 'token':
      // A script of its own (`npm run token`), which reads its options behind its name.
      process.argv.splice(2, 1);
      await import('./token.js');
      return;
    case 'user':
    case 'client': {
      const { runAccounts } = await import('./account-command.js');
      process.exitCode = await runAccounts(command, args, process);
      return;
    }
    case 'key': {
      const { runKey } = await import('./key-command.js');
      process.exitCode = await runKey(args, process);
      return;
    }
    default:
      process.stderr.write(USAGE);
      process.exitCode = 2;
  }
};

const [command = 'serve', ...args] = process.argv.slice(2);
await runMain('cairn', () => run(command, args));
