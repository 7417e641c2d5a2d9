import type { Environment } from '#platform/environment.js';
import type { LocalAccess } from '../dialect.js';

/** No account has such a name. */
const LOCAL = 'anonymous@localhost';

const isLocalUrl = (url: string): boolean => /^https?:\/\/(?:localhost|127(?:\.\d+){3}|\[::1\])(?:[:/]|$)/.test(url);

/** Whoever deploys a proxy before Cairn opens it to others: what the proxy passes on comes from this machine. */
const isBehindProxy = ({ TRUSTED_PROXIES, PUBLIC_URL }: Environment): boolean =>
  TRUSTED_PROXIES.length > 0 || (PUBLIC_URL !== undefined && !isLocalUrl(PUBLIC_URL));

/** Torc's protocol has no credentials: programs on the machine of an embedded Cairn need none (Torc contract 1.2, D23). */
export const localAccess: LocalAccess = {
  caller: { subject: LOCAL, username: LOCAL, roles: ['user'], groups: [] },
  isAllowed: (environment, isEmbedded) => {
    const access = environment.TORC_ACCESS ?? (isEmbedded && !isBehindProxy(environment) ? 'open' : 'token');
    return access === 'open';
  },
};
