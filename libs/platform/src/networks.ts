import { BlockList, isIPv6 } from 'node:net';

/** Networks that settings name by a word. */
export const NAMED_NETWORKS: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.1/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

/** Answers that are kept: connections are few, and their requests many. */
const KNOWN_MAX = 1_000;

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIPv6(address) ? 'ipv6' : 'ipv4');

/**
 * Tells whether an address is in one of these networks.
 *
 * @param networks addresses, networks such as `10.0.0.0/8`, and words of {@link NAMED_NETWORKS}
 */
export const networkCheck = (networks: readonly string[]): ((address: string) => boolean) => {
  const list = new BlockList();
  for (const network of networks.flatMap((each) => NAMED_NETWORKS[each] ?? [each])) {
    const [address = '', bits] = network.split('/');
    if (bits === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(bits), familyOf(address));
  }
  const known = new Map<string, boolean>();
  return (address) => {
    let isInside = known.get(address);
    if (isInside === undefined) {
      if (known.size >= KNOWN_MAX) known.clear();
      known.set(address, (isInside = list.check(address, familyOf(address))));
    }
    return isInside;
  };
};
