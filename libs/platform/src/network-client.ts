import { isIP, isIPv4, isIPv6 } from 'node:net';

/** Whoever has one address of IPv6 has a network of 64 bits full of them. */
const IPV6_GROUPS = 4;
const IPV4_IN_IPV6 = '::ffff:';

/** Some proxies forward the port, too: `192.0.2.1:5678`, `[2001:db8::1]:5678`. */
const WITH_PORT = /^(?:(\d+(?:\.\d+){3})|\[([^\]]+)\])(?::\d+)?$/;

/** What is no address counts as one client, so that nobody gets a limit of his own by inventing words. */
const NO_ADDRESS = 'unknown';

/** The address itself, without a port: tells machines of one network apart, which {@link clientOf} does not. */
export const addressOf = (forwarded: string): string => {
  const [, ipv4, ipv6] = WITH_PORT.exec(forwarded) ?? [];
  const address = ipv4 ?? ipv6 ?? forwarded;
  if (isIP(address) === 0) return NO_ADDRESS;
  if (address.startsWith(IPV4_IN_IPV6) && isIPv4(address.slice(IPV4_IN_IPV6.length))) {
    return address.slice(IPV4_IN_IPV6.length);
  }
  return address;
};

/** The addresses that count as one client: limits are counted by this name. */
export const clientOf = (forwarded: string): string => {
  const address = addressOf(forwarded);
  if (!isIPv6(address)) return address;
  const [before = '', behind] = (address.split('%')[0] ?? '').split('::');
  const groups = before === '' ? [] : before.split(':');
  // What `::` leaves out are zeros; a prefix needs only those in front.
  const missing = behind === undefined ? 0 : 8 - groups.length - (behind === '' ? 0 : behind.split(':').length);
  const all = [...groups, ...new Array<string>(Math.max(0, missing)).fill('0'), ...(behind ?? '').split(':')];
  const network = all.slice(0, IPV6_GROUPS).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
};
