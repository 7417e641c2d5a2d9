import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { eventStoreConnection } from '#ledger/eventstoredb-settings.js';
import { CannotStart } from '#platform/cannot-start.js';
import { type Environment, loadEnvironment } from '#platform/environment.js';
import { readSecretFileSetting } from '#platform/file-setting.js';
import { createLog } from '#platform/logging.js';
import { redacted } from '#platform/redaction.js';
import { retryAtStart } from '#platform/retry-at-start.js';
import { type Terminal, UsageError } from './command-line.js';

/** Of the files of a folder, by name; those of a mounted secret have hidden ones beside them. */
const passwordsIn = (folder: string): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(folder)
      .filter((name) => !name.startsWith('.'))
      .map((name) => [name, readSecretFileSetting('the password', join(folder, name)).trim()]),
  );

const ensureAccounts = async (environment: Environment, folder: string): Promise<number> => {
  const connection = eventStoreConnection(environment);
  if (connection === undefined) throw new UsageError('EVENTSTORE_URL is not set');
  const passwords = passwordsIn(folder);
  const accounts = await import('#ledger/eventstoredb-accounts.js');
  const attempt = (): Promise<void> =>
    accounts.ensureAccounts(connection, passwords).catch((cause: unknown) => {
      const why = redacted(cause instanceof Error ? cause.message : String(cause));
      throw new CannotStart(`the accounts at EVENTSTORE_URL cannot be made: ${why}`, { cause });
    });
  const wait = { withinMs: environment.START_WAIT_SECONDS * 1000, log: createLog(environment, 'cairn') };
  await retryAtStart('EventStoreDB', attempt, wait);
  return passwords.size;
};

/** `cairn ledger` */
export const ledgerCommand = ({ env, stdout }: Terminal): Command => {
  const command = new Command('ledger').description('The ledger in EventStoreDB.');
  command
    .command('accounts')
    .argument('<folder>', 'a file for each user, with the name of the user; the password is in it')
    .description(
      `make users in EventStoreDB who may do what Cairn needs and nothing else: append to streams and read them and $all. EVENTSTORE_URL,
EVENTSTORE_USER and EVENTSTORE_PASSWORD_FILE name the server and one of its administrators. Users who are there get the
password. Waits for the server for START_WAIT_SECONDS.`,
    )
    .action(async (folder: string) => {
      stdout.write(`${await ensureAccounts(loadEnvironment(env), folder)} users may append and read\n`);
    });
  return command;
};
