import type { FastifyRequest } from 'fastify';
import { BlockList, isIPv6 } from 'node:net';
import type { Environment } from '#platform/environment.js';
import { addressOf } from '#platform/network-client.js';

/** The holder of a client certificate that a proxy has verified. */
export interface Certificate {
  readonly dn: string;
  readonly fqans: readonly string[];
}

const NAMED: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.1/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIPv6(address) ? 'ipv6' : 'ipv4');

const blockListOf = (networks: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const network of networks.flatMap((each) => NAMED[each] ?? [each])) {
    const [address = '', bits] = network.split('/');
    if (bits === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(bits), familyOf(address));
  }
  return list;
};

type Settings = Pick<Environment, 'PANDA_CERTIFICATE_PROXIES' | 'PANDA_CERTIFICATE_HEADERS'>;

/** Reads who holds the certificate of a request out of the headers of trusted proxies; nobody else's count (PanDA contract 2.1). */
export const certificateReader = ({
  PANDA_CERTIFICATE_PROXIES: proxies,
  PANDA_CERTIFICATE_HEADERS: headerNames,
}: Settings): ((request: FastifyRequest) => Certificate | undefined) => {
  if (proxies.length === 0) return () => undefined;
  const trusted = blockListOf(proxies);
  const [verify = '', holder = '', attributes = ''] = headerNames.map((name) => name.toLowerCase());
  return ({ socket, headers }) => {
    const address = addressOf(socket.remoteAddress ?? '');
    if (!trusted.check(address, familyOf(address)) || headers[verify] !== 'SUCCESS') return undefined;
    const dn = headers[holder];
    if (typeof dn !== 'string' || dn === '') return undefined;
    // Node.js joins repeated headers by commas.
    const fqans = [headers[attributes] ?? []]
      .flat()
      .flatMap((text) => text.split(/[;,]/))
      .map((fqan) => fqan.trim());
    return { dn, fqans: fqans.filter((fqan) => fqan !== '') };
  };
};
