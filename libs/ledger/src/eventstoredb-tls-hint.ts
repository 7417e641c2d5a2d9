import { speaksTls } from '#platform/speaks-tls.js';
import { readConnectionString } from './eventstoredb-connection.js';

/** What to add to the message that a server does not answer: that it wants TLS, where the connection string has none. */
export const tlsHint = async (connectionString: string): Promise<string> => {
  const { hosts, tls } = readConnectionString(connectionString);
  if (tls) return '';
  const speaking = await Promise.all(hosts.map(({ address, port }) => speaksTls(address, port)));
  const names = hosts.filter((_host, index) => speaking[index]).map(({ address, port }) => `${address}:${port}`);
  return names.length === 0 ? '' : `; ${names.join(', ')} speaks TLS, but is asked without (tls=false)`;
};
