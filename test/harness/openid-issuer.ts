import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** An external OpenID issuer: its discovery document, its keys, and the tokens that it signs. */
export interface OpenIdIssuer {
  readonly url: string;
  /** An access token with these claims that is valid for an hour. */
  sign(claims: Readonly<Record<string, unknown>>): Promise<string>;
  stop(): Promise<void>;
}

const [ALGORITHM, KEY] = ['RS512', 'external'];

export const startOpenIdIssuer = async (): Promise<OpenIdIssuer> => {
  const pair = await generateKeyPair(ALGORITHM, { extractable: true });
  const keys = [{ ...(await exportJWK(pair.publicKey)), kid: KEY, use: 'sig', alg: ALGORITHM }];
  let url = '';
  const server = createServer((request, response) => {
    response.end(JSON.stringify(request.url === '/certs' ? { keys } : { issuer: url, jwks_uri: `${url}/certs` }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    sign: (claims) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: ALGORITHM, kid: KEY })
        .setIssuer(url)
        .setIssuedAt()
        .setExpirationTime('1h')
        .sign(pair.privateKey),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
