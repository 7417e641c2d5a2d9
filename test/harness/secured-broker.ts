import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUS_KEY_FILES, makeBusKeys } from '#bus/bus-keys.js';
import { makeCertificates } from '#platform/testing/certificates.js';
import { type NatsServer, startNatsServer } from '#bus/testing/nats-server.js';
import type { Variables } from './cairn-process.js';

/** A broker as `deploy/nats` configures it: with TLS, and permissions for each process. */
export interface SecuredBroker extends NatsServer {
  /** Folder with the keys of all processes, as `cairn bus keys` makes it. */
  readonly keys: string;
  /** File with the certificate that the broker shows. */
  readonly ca: string;
  /** What a process needs to use the broker. */
  readonly variablesOf: (process: string) => Variables;
}

export interface BrokerOptions {
  /** Password of a user `administrator` in Cairn's account, whom the broker refuses nothing. */
  readonly administrator?: string;
  /** Name and password of a user who may follow the feed, as `deploy/nats/subscriber.conf` has it. */
  readonly subscriber?: { readonly name: string; readonly password: string };
}

/** The shipped configuration with the paths of this machine, and without the fixed port of its monitoring. */
const shippedConfig = async (cert: string, key: string, store: string): Promise<string> =>
  (await readFile('deploy/nats/nats.conf', 'utf8'))
    .replace('/etc/nats/tls/tls.crt', cert)
    .replace('/etc/nats/tls/tls.key', key)
    .replace('/data/jetstream', store)
    .replace(/^http: .*$/m, '');

const subscriberOf = async ({
  name,
  password,
}: {
  readonly name: string;
  readonly password: string;
}): Promise<string> =>
  (await readFile('deploy/nats/subscriber.conf', 'utf8'))
    .replace('nkey: $SUBSCRIBER_NKEY', `user: ${name}, password: "${password}"`)
    .replaceAll('CAIRN_EVENTS.NAME', `CAIRN_EVENTS.${name}`)
    .replace('_INBOX.NAME', `_INBOX.${name}`);

export const startSecuredBroker = async ({ administrator, subscriber }: BrokerOptions = {}): Promise<SecuredBroker> => {
  const keys = await mkdtemp(join(tmpdir(), 'cairn-bus-keys-'));
  makeBusKeys(keys);
  const { ca, cert, key, remove: removeCertificates } = await makeCertificates();
  const permissions = await readFile('deploy/nats/permissions.conf', 'utf8');
  const users = [
    administrator === undefined ? '' : `{ user: administrator, password: "${administrator}" }`,
    subscriber === undefined ? '' : await subscriberOf(subscriber),
  ].join('\n');
  const server = await startNatsServer({
    jetStream: false,
    config: await shippedConfig(cert, key, join(keys, 'jetstream')),
    included: {
      // Debian's nats-server 2.9 does not know what stands there.
      'sync.conf': '',
      [`keys/${BUS_KEY_FILES.natsUsers}`]: await readFile(join(keys, BUS_KEY_FILES.natsUsers), 'utf8'),
      'permissions.conf': permissions.replace('users: [', `users: [\n${users}`),
    },
  });
  return {
    ...server,
    keys,
    ca,
    variablesOf: (process) => ({
      NATS_URL: `tls://127.0.0.1:${server.port}`,
      NATS_TLS_CA: ca,
      NATS_NKEY_SEED: join(keys, process, BUS_KEY_FILES.nkeySeed),
      BUS_PRIVATE_KEY: join(keys, process, BUS_KEY_FILES.privateKey),
      BUS_PUBLIC_KEYS: join(keys, BUS_KEY_FILES.publicKeys),
    }),
    remove: async () => {
      await server.remove();
      await removeCertificates();
      await rm(keys, { recursive: true, force: true });
    },
  };
};
