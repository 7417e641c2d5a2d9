import { randomBytes } from 'node:crypto';
import { Command, InvalidArgumentError } from 'commander';
import { eventStoreConnection } from '#ledger/eventstoredb-settings.js';
import { RewriteRefused } from '#ledger/rewrite/rewrite-ledger.js';
import { loadEnvironment } from '#platform/environment.js';
import { isAccountName } from '#platform/tokens/user-name.js';
import { fail, type Terminal, UsageError } from './command-line.js';
import { existingDataFolder } from './data-folder.js';
import { pseudonymize } from './pseudonym/pseudonymize.js';
import { withCheckpointKeys } from './sign-ledger.js';
import { whileIdle } from './with-idle-ledger.js';

/** Parser of the name of a person. */
const nameOfPerson = (name: string): string => {
  if (!isAccountName(name)) throw new InvalidArgumentError('No account has such a name.');
  // Documents that quote it would each have it in another spelling.
  if (/["\\]/.test(name)) throw new InvalidArgumentError('A name with " or \\ cannot be replaced.');
  return name;
};

/** `cairn pseudonymize` */
export const pseudonymizeCommand = (terminal: Terminal): Command =>
  new Command('pseudonymize')
    .argument('<name>', 'of the person, as the history has it', nameOfPerson)
    .option('--as <pseudonym>', 'what to put in its place; by default something made up', nameOfPerson)
    .description(
      `Replaces the name of a person by a pseudonym in the texts of all events of a ledger in SQLite (CAIRN_DATA_DIR), and records in the
history of which ones, signed by the key of the checkpoints: 'cairn verify' accepts these and no other changes. The read models are made
again. Stop Cairn before, and bring back what is archived. Copies made before (backups, exports, proofs, the broker's stream of events) keep the name, as do free
texts such as descriptions and logs, and large documents in the blob store.`,
    )
    .action(async (name: string, { as: pseudonym = `person-${randomBytes(6).toString('hex')}` }: { as?: string }) => {
      const environment = loadEnvironment(terminal.env);
      if (eventStoreConnection(environment) !== undefined) {
        throw new UsageError(
          `EventStoreDB keeps what was written: export the history, import it into a data folder, replace the name there, and bring it into an empty EventStoreDB in the same way`,
        );
      }
      const dataFolder = existingDataFolder(environment);
      try {
        const events = await whileIdle(environment, () =>
          withCheckpointKeys(environment, async (keys) =>
            pseudonymize(dataFolder, name, pseudonym, await keys.current()),
          ),
        );
        terminal.stdout.write(
          events === 0 ? 'no event has this name\n' : `${events} events have the name ${pseudonym} now\n`,
        );
      } catch (error) {
        if (!(error instanceof RewriteRefused)) throw error;
        fail(terminal, error);
      }
    });
