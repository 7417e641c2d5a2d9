import type { FastifyRequest } from 'fastify';
import { isUtf8 } from 'node:buffer';
import type { Environment } from '#platform/environment.js';
import { addressOf } from '#platform/network-client.js';
import { networkCheck } from '#platform/networks.js';

/** The holder of a client certificate that a proxy has verified. */
export interface Certificate {
  readonly dn: string;
  readonly fqans: readonly string[];
}

type Settings = Pick<Environment, 'PANDA_CERTIFICATE_PROXIES' | 'PANDA_CERTIFICATE_HEADERS'>;

/** Node.js reads headers as Latin-1; proxies send the UTF-8 of certificates, and some that of old ones as it is. */
const inUtf8 = (header: string): string => {
  const bytes = Buffer.from(header, 'latin1');
  return isUtf8(bytes) ? bytes.toString() : header;
};

/** Reads who holds the certificate of a request out of the headers of trusted proxies; nobody else's count (PanDA contract 2.1). */
export const certificateReader = ({
  PANDA_CERTIFICATE_PROXIES: proxies,
  PANDA_CERTIFICATE_HEADERS: headerNames,
}: Settings): ((request: FastifyRequest) => Certificate | undefined) => {
  if (proxies.length === 0) return () => undefined;
  const isTrusted = networkCheck(proxies);
  const [verify = '', holder = '', attributes = ''] = headerNames.map((name) => name.toLowerCase());
  return ({ socket, headers }) => {
    if (!isTrusted(addressOf(socket.remoteAddress ?? '')) || headers[verify] !== 'SUCCESS') return undefined;
    const dn = headers[holder];
    if (typeof dn !== 'string' || dn === '') return undefined;
    // Node.js joins repeated headers by commas.
    const fqans = [headers[attributes] ?? []]
      .flat()
      .flatMap((text) => text.split(/[;,]/))
      .map((fqan) => fqan.trim());
    return { dn: inUtf8(dn), fqans: fqans.filter((fqan) => fqan !== '') };
  };
};
