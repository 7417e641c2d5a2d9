import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { trimEnd } from '#platform/trim-characters.js';
import { UsageError, webAddress } from '../command-line.js';
import { OpenIdGrant } from './openid-grant.js';
import { TokenFile, type TokenSource } from './token-source.js';

/** Options that say where a worker's tokens come from, as commander parses them. */
export interface GivenToken {
  readonly tokenFile?: string;
  readonly clientId?: string;
  readonly clientSecretFile?: string;
  readonly refreshTokenFile?: string;
  readonly tokenUrl?: string;
}

/** OpenID client of saved device grants (IceProd contract 3). */
const DEVICE_CLIENT = 'iceprod-public';
const ISSUER_PATH = '/auth/realms/IceCube';

/** A part of the help. */
export const TOKEN_NOTES = `  --token-file FILE                             a token; the file is read again for each request, so that whoever
                                                writes a new token into it renews the worker's
  --client-id ID --client-secret-file FILE      client credentials: new tokens are asked for before old ones end
  --refresh-token-file FILE [--client-id ID]    a saved device grant, such as .iceprod-auth; kept up to date`;

export const ONE_TOKEN = 'give one of --token-file, --client-id with --client-secret-file, and --refresh-token-file';

export const addTokenOptions = (command: Command): Command =>
  command
    .option('--token-file <file>', 'file with a bearer token')
    .option('--client-id <id>', 'OpenID client that tokens are asked for')
    .option('--client-secret-file <file>', 'file with its secret')
    .option('--refresh-token-file <file>', 'file with the refresh token of a device grant')
    .option('--token-url <url>', `OpenID issuer (default: ${ISSUER_PATH} of the server)`, webAddress);

/** Files with secrets that the options name. */
export const secretFiles = ({ tokenFile, clientSecretFile, refreshTokenFile }: GivenToken): readonly string[] =>
  [tokenFile, clientSecretFile, refreshTokenFile].filter((file) => file !== undefined);

const readable = (option: string, file: string): string => {
  try {
    readFileSync(file);
    return file;
  } catch (error) {
    throw new UsageError(`${option} cannot be read: ${(error as Error).message}`);
  }
};

/**
 * The source of tokens that the options name; `undefined` when they name none.
 *
 * @param server whose own issuer is asked by default
 * @param path resolves paths of the command line
 * @throws UsageError
 */
export const tokenSource = (
  given: GivenToken,
  server: string,
  path: (file: string) => string,
): TokenSource | undefined => {
  const { tokenFile, clientId, clientSecretFile, refreshTokenFile } = given;
  if ([clientId, ...secretFiles(given)].every((one) => one === undefined)) return undefined;
  const isClient = clientSecretFile !== undefined && refreshTokenFile === undefined;
  const ways = [tokenFile !== undefined, refreshTokenFile !== undefined, isClient];
  if (ways.filter(Boolean).length !== 1) throw new UsageError(ONE_TOKEN);
  if (tokenFile !== undefined) return new TokenFile(readable('--token-file', path(tokenFile)));

  const issuer = given.tokenUrl ?? trimEnd(server, '/') + ISSUER_PATH;
  const secretFile = clientSecretFile && readable('--client-secret-file', path(clientSecretFile));
  if (refreshTokenFile !== undefined) {
    return new OpenIdGrant(issuer, {
      type: 'refresh_token',
      clientId: clientId ?? DEVICE_CLIENT,
      clientSecretFile: secretFile,
      refreshTokenFile: readable('--refresh-token-file', path(refreshTokenFile)),
    });
  }
  if (clientId === undefined || secretFile === undefined) throw new UsageError(ONE_TOKEN);
  return new OpenIdGrant(issuer, { type: 'client_credentials', clientId, clientSecretFile: secretFile });
};
