import { Command, InvalidArgumentError } from 'commander';
import { loadEnvironment } from '#platform/environment.js';
import { Clients, generateSecret, hashSecret } from '../../auth/src/account/clients.js';
import { SERVICE_ACCOUNT_PREFIX } from '#platform/tokens/user-name.js';
import { requestRevocation } from '../../auth/src/revocation/operator-revocations.js';
import { plainName } from './account-name.js';
import { repeated, type Terminal, UsageError } from './command-line.js';
import { withAccountStore } from './data-folder.js';

interface AddOptions {
  readonly system?: true;
  readonly worker?: true;
  readonly public?: true;
  readonly redirectUri?: readonly string[];
}

const webAddresses = (url: string, previous?: readonly string[]): readonly string[] => {
  const isWebAddress = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol) && !url.includes('#');
  if (!isWebAddress) throw new InvalidArgumentError('It must be the address of a web page, without a fragment.');
  return repeated(url, previous);
};

/** `cairn client` */
export const clientCommand = ({ env, stdout }: Terminal): Command => {
  const command = new Command('client').description(
    'OpenID clients: programs that may ask for tokens. They are kept in the data folder (CAIRN_DATA_DIR); a running Cairn sees changes at once.',
  );

  command
    .command('add')
    .description('add a client and print its secret')
    .argument('<id>', 'client id', plainName)
    .option('--system', 'tokens that the client gets for itself hold the role system')
    .option('--worker', 'tokens that the client gets for itself hold the role worker')
    .option('--public', 'a client without a secret')
    .option('--redirect-uri <url>', 'page to return to after a web login; may be repeated', webAddresses)
    .action(async (clientId: string, { system, worker, public: isPublic, redirectUri = [] }: AddOptions) => {
      if (isPublic && (system || worker)) {
        throw new UsageError(`a client with --${system ? 'system' : 'worker'} needs a secret: leave out --public`);
      }
      if (system && worker) throw new UsageError('give either --system or --worker');
      await withAccountStore(loadEnvironment(env), async (store) => {
        const secret = generateSecret();
        await new Clients(store).put({
          clientId,
          ...(!isPublic && { secretHash: hashSecret(secret) }),
          redirectUris: redirectUri,
          isSystem: system ?? false,
          ...(worker && { isWorker: true }),
        });
        if (!isPublic) stdout.write(`${secret}\n`);
      });
    });

  command
    .command('remove')
    .description('remove a client, and revoke its tokens')
    .argument('<id>', 'client id', plainName)
    .action((clientId: string) =>
      withAccountStore(loadEnvironment(env), async (store) => {
        await new Clients(store).remove(clientId);
        await requestRevocation(store, SERVICE_ACCOUNT_PREFIX + clientId);
      }),
    );

  command
    .command('list')
    .description('list the clients')
    .action(() =>
      withAccountStore(loadEnvironment(env), async (store) => {
        for (const { clientId } of await new Clients(store).list()) stdout.write(`${clientId}\n`);
      }),
    );
  return command;
};
