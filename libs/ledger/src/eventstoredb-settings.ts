import { CannotStart } from '#platform/cannot-start.js';
import type { Environment } from '#platform/environment.js';
import { readFileSetting, readSecretFileSetting } from '#platform/file-setting.js';

/** The variables that say where EventStoreDB is and how a process logs in to it. */
export type EventStoreSettings = Partial<
  Pick<
    Environment,
    | 'EVENTSTORE_URL'
    | 'EVENTSTORE_TLS_CA'
    | 'EVENTSTORE_TLS_CERT'
    | 'EVENTSTORE_TLS_KEY'
    | 'EVENTSTORE_USER'
    | 'EVENTSTORE_PASSWORD_FILE'
  >
>;

/** The client does not support it, and would only print a warning. */
const WITHOUT_VERIFICATION = /[?&]tls[_-]?verify[_-]?cert=/i;

const loginOf = ({ EVENTSTORE_USER: user, EVENTSTORE_PASSWORD_FILE: file }: EventStoreSettings): string => {
  if (user === undefined || file === undefined) return '';
  const password = readSecretFileSetting('EVENTSTORE_PASSWORD_FILE', file).trim();
  return `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`;
};

/**
 * The connection string of the client, with what the other variables add to it. It holds the password, so it must not be shown.
 *
 * @returns undefined when the ledger is not in EventStoreDB
 * @throws CannotStart when a file is unusable or a setting contradicts the URL
 */
export const eventStoreConnection = (settings: EventStoreSettings): string | undefined => {
  const { EVENTSTORE_URL: url, EVENTSTORE_TLS_CA: ca, EVENTSTORE_TLS_CERT: cert, EVENTSTORE_TLS_KEY: key } = settings;
  if (url === undefined) return undefined;
  if (WITHOUT_VERIFICATION.test(url)) {
    throw new CannotStart(
      'EVENTSTORE_URL has tlsVerifyCert; name the authority of the certificate in EVENTSTORE_TLS_CA',
    );
  }
  const login = loginOf(settings);
  if (login !== '' && url.includes('@')) {
    throw new CannotStart('EVENTSTORE_USER is set, but EVENTSTORE_URL names a user too');
  }
  if (ca !== undefined) readFileSetting('EVENTSTORE_TLS_CA', ca);
  if (cert !== undefined) readFileSetting('EVENTSTORE_TLS_CERT', cert);
  if (key !== undefined) readSecretFileSetting('EVENTSTORE_TLS_KEY', key);
  const files = Object.entries({ tlsCAFile: ca, userCertFile: cert, userKeyFile: key })
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([name, file]) => `${name}=${encodeURIComponent(file)}`);
  const separator = url.includes('?') ? '&' : '?';
  const whole = files.length === 0 ? url : `${url}${separator}${files.join('&')}`;
  return whole.replace('://', `://${login}`);
};
