import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { loadEnvironment } from '#platform/environment.js';
import type { KeyValueStore } from '#storage/key-value-store.js';
import { type Account, Accounts } from '../../auth/src/account/accounts.js';
import {
  generatePassword,
  hashPassword,
  PASSWORD_CHARACTERS_MAX,
  PASSWORD_CHARACTERS_MIN,
} from '../../auth/src/account/password.js';
import { logOutEverywhere } from '../../auth/src/openid/key-value-adapter.js';
import { requestRevocation } from '../../auth/src/revocation/operator-revocations.js';
import { newUserName, plainName } from './account-name.js';
import { repeated, type Terminal, UsageError } from './command-line.js';
import { withAccountStore } from './data-folder.js';
import { knownNames } from './known-names.js';

const PASSWORD_NOTE = `
The password is the first line of standard input. At a terminal one is generated and printed.`;

/** Reads a password from standard input, or generates one at a terminal and prints it after `save` has kept it. */
const setPassword = async (
  { stdin, stdout }: Terminal,
  save: (passwordHash: string) => Promise<void>,
): Promise<void> => {
  if (stdin.isTTY === true) {
    const password = generatePassword();
    await save(await hashPassword(password));
    stdout.write(`New password: ${password}\n`);
    return;
  }
  const password = (await text(stdin)).split('\n')[0] ?? '';
  if (password.length < PASSWORD_CHARACTERS_MIN || password.length > PASSWORD_CHARACTERS_MAX) {
    throw new UsageError(
      `a password has ${PASSWORD_CHARACTERS_MIN} to ${PASSWORD_CHARACTERS_MAX} characters, on standard input`,
    );
  }
  await save(await hashPassword(password));
};

const addUser = async (store: KeyValueStore, terminal: Terminal, account: Omit<Account, 'password'>): Promise<void> => {
  const accounts = new Accounts(store);
  if ((await accounts.find(account.username)) !== undefined) {
    throw new UsageError(`there is an account ${account.username} already`);
  }
  await setPassword(terminal, (password) => accounts.put({ ...account, password }));
};

const changePassword = async (store: KeyValueStore, terminal: Terminal, username: string): Promise<void> => {
  const accounts = new Accounts(store);
  const account = await accounts.find(username);
  if (account === undefined) throw new UsageError(`there is no account ${username}`);
  await setPassword(terminal, (password) => accounts.put({ ...account, password }));
};

const endAll = async (store: KeyValueStore, username: string): Promise<void> => {
  await logOutEverywhere(store, username);
  await requestRevocation(store, username);
};

/** `cairn user` */
export const userCommand = (terminal: Terminal): Command => {
  const environment = () => loadEnvironment(terminal.env);
  const command = new Command('user').description(
    'Local accounts in the data folder (CAIRN_DATA_DIR). A running Cairn sees changes at once.',
  );

  command
    .command('add')
    .description('add an account')
    .argument('<name>', 'user name', newUserName)
    .option('--role <role>', 'role of the new user; may be repeated (default: user)', repeated)
    .option('--group <group>', 'group of the new user; may be repeated (default: users)', repeated)
    .addHelpText('after', PASSWORD_NOTE)
    .action(async (username: string, { role = ['user'], group = ['users'] }: { role?: string[]; group?: string[] }) => {
      const settings = environment();
      await withAccountStore(settings, async (store) => {
        const known = knownNames(settings);
        known.checkRoles(role);
        known.checkGroups(group);
        await addUser(store, terminal, { username, roles: role, groups: group });
      });
    });

  command
    .command('password')
    .description('change the password of an account')
    .argument('<name>', 'user name', plainName)
    .addHelpText('after', PASSWORD_NOTE)
    .action((username: string) =>
      withAccountStore(environment(), (store) => changePassword(store, terminal, username)),
    );

  command
    .command('logout')
    .description('end the sessions of a user, and revoke all tokens that were issued until now')
    .argument('<name>', 'user name', plainName)
    .action((username: string) => withAccountStore(environment(), (store) => endAll(store, username)));

  command
    .command('remove')
    .description('remove an account and its sessions, and revoke its tokens')
    .argument('<name>', 'user name', plainName)
    .action((username: string) =>
      withAccountStore(environment(), async (store) => {
        await new Accounts(store).remove(username);
        await endAll(store, username);
      }),
    );

  command
    .command('list')
    .description('list the accounts')
    .action(() =>
      withAccountStore(environment(), async (store) => {
        for (const { username } of await new Accounts(store).list()) terminal.stdout.write(`${username}\n`);
      }),
    );
  return command;
};
