import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { loadEnvironment } from '#platform/environment.js';
import type { KeyValueStore } from '#storage/key-value-store.js';
import { SqliteKeyValueStore } from '#storage/sqlite-key-value-store.js';
import { Accounts } from '../../auth/src/account/accounts.js';
import { Clients, generateSecret, hashSecret } from '../../auth/src/account/clients.js';
import {
  generatePassword,
  hashPassword,
  PASSWORD_CHARACTERS_MAX,
  PASSWORD_CHARACTERS_MIN,
} from '../../auth/src/account/password.js';
import { logOutEverywhere } from '../../auth/src/openid/key-value-adapter.js';
import { type Command, parsedArgs, type Terminal, UsageError } from './command-line.js';

const USAGE = `Local accounts and OpenID clients in the data folder (CAIRN_DATA_DIR); a running Cairn sees changes at once.

  cairn user add NAME [--role ROLE]... [--group GROUP]...   with which the user's record begins (default: user, users)
  cairn user password NAME
  cairn user logout NAME   ends sessions and refresh tokens; access tokens end within the hour
  cairn user remove NAME   the account, with its sessions and refresh tokens
  cairn user list

  cairn client add ID [--system] [--public] [--redirect-uri URL]...
  cairn client remove ID
  cairn client list

A password comes from standard input when that is no terminal; else one is made and printed. So is a client's secret.
--system gives the client's own tokens the role system; --public makes one without a secret; --redirect-uri is for web logins.
`;

const parse = (words: readonly string[]) => {
  const { values, positionals } = parsedArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      role: { type: 'string', multiple: true, default: ['user'] },
      group: { type: 'string', multiple: true, default: ['users'] },
      system: { type: 'boolean', default: false },
      public: { type: 'boolean', default: false },
      'redirect-uri': { type: 'string', multiple: true, default: [] },
    },
  });
  const [verb = '', name = '', ...more] = positionals;
  if (more.length > 0) throw new UsageError(`'${more.join(' ')}' is too much`);
  return { ...values, verb, name };
};
type Asked = ReturnType<typeof parse>;

const NAME = /^[\x21-\x7e]{1,200}$/;

const nameOf = ({ name }: Asked): string => {
  if (!NAME.test(name)) throw new UsageError('a name without blanks is missing');
  return name;
};

/** The new password, and what to tell about it. */
const newPassword = async ({ stdin }: Terminal): Promise<{ readonly password: string; readonly told: string }> => {
  if (stdin.isTTY === true) {
    const password = generatePassword();
    return { password, told: `New password: ${password}\n` };
  }
  const password = (await text(stdin)).split('\n')[0] ?? '';
  if (password.length < PASSWORD_CHARACTERS_MIN || password.length > PASSWORD_CHARACTERS_MAX) {
    throw new UsageError(
      `a password has ${PASSWORD_CHARACTERS_MIN} to ${PASSWORD_CHARACTERS_MAX} characters, on standard input`,
    );
  }
  return { password, told: '' };
};

/** Resolves with what there is to tell. */
type Work = (asked: Asked, keyValueStore: KeyValueStore, terminal: Terminal) => Promise<string>;

const onUsers: Work = async (asked, keyValueStore, terminal) => {
  const accounts = new Accounts(keyValueStore);
  switch (asked.verb) {
    case 'add':
    case 'password': {
      const username = nameOf(asked);
      const known = await accounts.find(username);
      if (asked.verb === 'add' && known !== undefined) throw new UsageError(`${username} is there already`);
      if (asked.verb === 'password' && known === undefined) throw new UsageError(`there is no account ${username}`);
      const { password, told } = await newPassword(terminal);
      const { roles, groups } = known ?? { roles: asked.role, groups: asked.group };
      await accounts.put({ username, password: await hashPassword(password), roles, groups });
      return told;
    }
    case 'logout':
      await logOutEverywhere(keyValueStore, nameOf(asked));
      return '';
    case 'remove':
      await accounts.remove(nameOf(asked));
      await logOutEverywhere(keyValueStore, nameOf(asked));
      return '';
    case 'list':
      return (await accounts.list()).map(({ username }) => `${username}\n`).join('');
    default:
      throw new UsageError('add, password, logout, remove or list?');
  }
};

const redirectUrisOf = ({ 'redirect-uri': urls }: Asked): readonly string[] => {
  const bad = urls.find((url) => !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol) || url.includes('#'));
  if (bad !== undefined) throw new UsageError(`'${bad}' is no address of a web page`);
  return urls;
};

const onClients: Work = async (asked, keyValueStore) => {
  const clients = new Clients(keyValueStore);
  switch (asked.verb) {
    case 'add': {
      if (asked.public && asked.system) throw new UsageError('a system client needs a secret');
      const secret = generateSecret();
      await clients.put({
        clientId: nameOf(asked),
        ...(!asked.public && { secretHash: hashSecret(secret) }),
        redirectUris: redirectUrisOf(asked),
        isSystem: asked.system,
      });
      return asked.public ? '' : `${secret}\n`;
    }
    case 'remove':
      await clients.remove(nameOf(asked));
      return '';
    case 'list':
      return (await clients.list()).map(({ clientId }) => `${clientId}\n`).join('');
    default:
      throw new UsageError('add, remove or list?');
  }
};

const accountCommand = (name: string, work: Work): Command => ({
  name,
  usage: USAGE,
  run: async (words, terminal) => {
    const asked = parse(words);
    const keyValueStore = new SqliteKeyValueStore(
      join(loadEnvironment(terminal.env).CAIRN_DATA_DIR, 'key-value-store', 'auth.sqlite'),
    );
    try {
      terminal.stdout.write(await work(asked, keyValueStore, terminal));
    } finally {
      await keyValueStore.close();
    }
    return 0;
  },
});

/** `cairn user` */
export const userCommand = accountCommand('user', onUsers);

/** `cairn client` */
export const clientCommand = accountCommand('client', onClients);
