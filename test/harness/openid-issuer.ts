import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** An external OpenID issuer: its discovery document, its keys, and the tokens that it signs. */
export interface OpenIdIssuer {
  readonly url: string;
  /** An access token with these claims that is valid for an hour, signed with the newest key. */
  sign(claims: Readonly<Record<string, unknown>>): Promise<string>;
  /** Publishes another key; resolves with its id. */
  addKey(): Promise<string>;
  /** Publishes a key no more. */
  withdrawKey(id: string): void;
  stop(): Promise<void>;
}

const ALGORITHM = 'RS512';

const newKey = async (kid: string) => {
  const { publicKey, privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  return { privateKey, published: { ...(await exportJWK(publicKey)), kid, use: 'sig', alg: ALGORITHM } };
};

export const startOpenIdIssuer = async (): Promise<OpenIdIssuer> => {
  const keys = new Map<string, Awaited<ReturnType<typeof newKey>>>();
  let count = 0;
  const addKey = async (): Promise<string> => {
    const kid = `external-${(count += 1)}`;
    keys.set(kid, await newKey(kid));
    return kid;
  };
  await addKey();
  let url = '';
  const server = createServer((request, response) => {
    const keySet = { keys: [...keys.values()].map(({ published }) => published) };
    response.end(JSON.stringify(request.url === '/certs' ? keySet : { issuer: url, jwks_uri: `${url}/certs` }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    sign: (claims) => {
      const [kid, key] = [...keys].at(-1) ?? [];
      if (kid === undefined || key === undefined) throw new Error('The issuer has no key');
      return new SignJWT({ ...claims })
        .setProtectedHeader({ alg: ALGORITHM, kid })
        .setIssuer(url)
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(key.privateKey);
    },
    addKey,
    withdrawKey: (id) => void keys.delete(id),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
