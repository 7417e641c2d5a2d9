import { lookup as resolve } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { networkCheck } from '#platform/networks.js';

/**
 * Networks in which nothing is that a site offers to the world: its own machines, this one, its neighbours, metadata of clouds, what stands for
 * addresses of IPv4 in those of IPv6, and what leads nowhere.
 */
const NOT_PUBLIC = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24'],
  ...['203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  ...[
    '::/96',
    '::ffff:0:0:0/96',
    '64:ff9b::/96',
    '64:ff9b:1::/48',
    '100::/64',
    '2001::/32',
    '2001:db8::/32',
    '2002::/16',
  ],
  ...['3fff::/20', '5f00::/16', 'fc00::/7', 'fe80::/10', 'fec0::/10', 'ff00::/8'],
];

/** A target has an address that webhooks may not reach. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';

  constructor(host: string) {
    super(`${host} has no public address, nor one that WEBHOOK_NETWORKS lists`);
  }
}

/** Which addresses webhooks may reach: public ones, and those that the operator lists. */
export class TargetAddresses {
  private readonly isListed: (address: string) => boolean;
  private readonly isNotPublic = networkCheck(NOT_PUBLIC);

  /** @param listed addresses, networks, and words for networks */
  constructor(listed: readonly string[]) {
    this.isListed = networkCheck(listed);
  }

  /** @throws AddressRefused for an address; what a name stands for is seen only when it is used */
  checkHost({ hostname }: URL): void {
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    if (isIP(host) !== 0 && !this.mayReach(host)) throw new AddressRefused(host);
  }

  /** Resolves names for a connection. It goes to an address that was checked: a name cannot stand for another one in between. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const reachable = error === null ? addresses.filter(({ address }) => this.mayReach(address)) : [];
      const [first] = reachable;
      if (first === undefined) callback(error ?? new AddressRefused(hostname), []);
      else if (options.all === true) callback(null, reachable);
      else callback(null, first.address, first.family);
    });
  };

  private mayReach(address: string): boolean {
    return this.isListed(address) || !this.isNotPublic(address);
  }
}
