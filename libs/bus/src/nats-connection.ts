import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import {
  type Authenticator,
  connect,
  type ConnectionOptions,
  credsAuthenticator,
  type NatsConnection,
  nkeyAuthenticator,
  type TlsOptions,
  usernamePasswordAuthenticator,
} from '@nats-io/transport-node';
import { CannotStart } from '#platform/cannot-start.js';
import type { Environment } from '#platform/environment.js';
import { readFileSetting, readSecretFileSetting } from '#platform/file-setting.js';
import type { Log } from '#platform/logging.js';
import { retryAtStart } from '#platform/retry-at-start.js';
import { speaksTls } from '#platform/speaks-tls.js';
import type { ProcessName } from './contract.js';

const ATTEMPT_TIMEOUT_MS = 2000;
const PAUSE_MS = 200;

/** The variables that say where the broker is and how a process logs in to it. */
export type NatsSettings = Pick<Environment, 'NATS_URL'> &
  Partial<
    Pick<
      Environment,
      | 'START_WAIT_SECONDS'
      | 'NATS_TLS_CA'
      | 'NATS_TLS_CERT'
      | 'NATS_TLS_KEY'
      | 'NATS_NKEY_SEED'
      | 'NATS_CREDS'
      | 'NATS_USER'
      | 'NATS_PASSWORD_FILE'
    >
  >;

/** Start-up ends with this message. */
export class NatsUnreachable extends CannotStart {
  override readonly name = 'NatsUnreachable';

  constructor(hosts: readonly string[], cause: unknown, hint: string) {
    // The library's messages name neither users nor passwords.
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`NATS_URL is set but no connection is made to ${hosts.join(', ')}: ${why}${hint}`, { cause });
  }
}

const isAboutCertificate = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && /CERT|ISSUER|VERIFY/.test(String(error.code));

/** Of an address of IPv6, without the brackets that URLs have. */
const nameOf = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1');

/** What to add to the message that no connection is made: that the broker wants TLS, where nothing asks for it. */
const tlsHint = async (urls: readonly URL[], cause: unknown): Promise<string> => {
  if (isAboutCertificate(cause)) {
    return '; the broker speaks TLS, but is asked without: name the authority of its certificate in NATS_TLS_CA';
  }
  const speaking = await Promise.all(urls.map(({ hostname, port }) => speaksTls(nameOf(hostname), Number(port))));
  const names = urls.filter((_url, index) => speaking[index]).map(({ host }) => host);
  return names.length === 0 ? '' : `; ${names.join(', ')} speaks TLS from the first byte, which Cairn does not`;
};

const report = async (connection: NatsConnection, log: Log): Promise<void> => {
  for await (const status of connection.status()) {
    if (status.type === 'disconnect' || status.type === 'error') log.warn({ status }, 'NATS connection is disturbed');
    if (status.type === 'reconnect') log.info({ status }, 'NATS connection is restored');
  }
};

/**
 * Compares the certificate of a broker that is reached by its address with the addresses in `NATS_URL`: the library does not say which
 * one it is, and Node.js would then look for `localhost`. The names of other brokers are compared as usual.
 */
const identityCheck = (urls: readonly string[]) => {
  const names = urls.map((url) => nameOf(new URL(url).hostname));
  const addresses = names.filter((name) => isIP(name) !== 0);
  return (name: string, certificate: PeerCertificate): Error | undefined => {
    if (name !== 'localhost' || names.includes(name)) return checkServerIdentity(name, certificate);
    const problems = addresses.map((address) => checkServerIdentity(address, certificate));
    return problems.includes(undefined) ? undefined : problems[0];
  };
};

/** @returns undefined when nothing asks for TLS: it is then used if the broker requires it */
const tlsOptions = (settings: NatsSettings): TlsOptions | undefined => {
  const { NATS_TLS_CA: caFile, NATS_TLS_CERT: certFile, NATS_TLS_KEY: keyFile } = settings;
  if (caFile !== undefined) readFileSetting('NATS_TLS_CA', caFile);
  if (certFile !== undefined) readFileSetting('NATS_TLS_CERT', certFile);
  if (keyFile !== undefined) readSecretFileSetting('NATS_TLS_KEY', keyFile);
  const isAsked = settings.NATS_URL.some((url) => url.startsWith('tls:'));
  if (!isAsked && caFile === undefined && certFile === undefined) return undefined;
  // The library reads the files again at each reconnect, so that certificates may be renewed.
  const options = {
    ...(caFile !== undefined && { caFile }),
    ...(certFile !== undefined && { certFile }),
    ...(keyFile !== undefined && { keyFile }),
    // The library passes it on to Node.js.
    checkServerIdentity: identityCheck(settings.NATS_URL),
  };
  return options;
};

/** @throws CannotStart when there is more than one way to log in */
const authenticator = (settings: NatsSettings): Authenticator | undefined => {
  const { NATS_NKEY_SEED: seed, NATS_CREDS: credentials, NATS_USER: user, NATS_PASSWORD_FILE: password } = settings;
  const url = settings.NATS_URL.map((text) => new URL(text)).find(({ username }) => username !== '');
  const given = Object.entries({
    NATS_NKEY_SEED: seed,
    NATS_CREDS: credentials,
    NATS_USER: user,
    'NATS_URL with a user': url,
  })
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name);
  if (given.length > 1)
    throw new CannotStart(`${given.join(' and ')} are set; a process logs in to NATS in one way only`);
  const bytes = (variable: string, file: string): Uint8Array =>
    new TextEncoder().encode(readSecretFileSetting(variable, file).trim());
  if (seed !== undefined) return nkeyAuthenticator(bytes('NATS_NKEY_SEED', seed));
  if (credentials !== undefined) return credsAuthenticator(bytes('NATS_CREDS', credentials));
  if (user !== undefined && password !== undefined) {
    return usernamePasswordAuthenticator(user, readSecretFileSetting('NATS_PASSWORD_FILE', password).trim());
  }
  return url && usernamePasswordAuthenticator(decodeURIComponent(url.username), decodeURIComponent(url.password));
};

/** Replies to a process come under this subject, which the broker lets nobody else subscribe to. */
export const inboxPrefix = (name: ProcessName): string => `_INBOX.${name}`;

/**
 * One connection per process, for sending and receiving. Once made it reconnects, to any of the servers, for as long as the
 * process lives.
 *
 * @throws CannotStart when a file is unusable; NatsUnreachable when the first connection is not made within `withinMs`
 */
export const connectNats = async (
  settings: NatsSettings,
  name: ProcessName,
  log: Log,
  withinMs: number = (settings.START_WAIT_SECONDS ?? 0) * 1000,
): Promise<NatsConnection> => {
  const urls = settings.NATS_URL.map((url) => new URL(url));
  const hosts = urls.map(({ host }) => host);
  const tls = tlsOptions(settings);
  const login = authenticator(settings);
  const options: ConnectionOptions = {
    servers: hosts,
    name,
    inboxPrefix: inboxPrefix(name),
    ...(login !== undefined && { authenticator: login }),
    ...(tls !== undefined && { tls }),
    timeout: ATTEMPT_TIMEOUT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: PAUSE_MS,
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
  };
  const attempt = (): Promise<NatsConnection> =>
    connect(options).catch(async (error: unknown) => {
      throw new NatsUnreachable(hosts, error, tls === undefined ? await tlsHint(urls, error) : '');
    });
  const connection = await retryAtStart('NATS', attempt, { withinMs, log });
  void report(connection, log);
  return connection;
};
