import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '#platform/domain-error.js';
import type { Log } from '#platform/logging.js';
import type { Tokens } from '../../credential/credential.js';
import { TokenEndpoint } from '../../credential/token-endpoint.js';
import type { ClientGrant, GrantsDocument } from './grants-document.js';

/** Keys, proxies and tokens are far smaller. */
const FILE_BYTES_MAX = 256 * 1024;

/** A token is asked for again so long before its end: its user must still do something with it. */
const RENEW_SECONDS = 300;

/** Names of files, never paths. */
const PLAIN_NAME = /^(?!\.{1,2}$)[^/\\\0]{1,255}$/;

/** The text of a file; undefined when there is none that can be read. */
const textOf = async (file: string): Promise<string | undefined> => {
  try {
    const handle = await open(file, 'r');
    try {
      const about = await handle.stat();
      return about.isFile() && about.size <= FILE_BYTES_MAX ? await handle.readFile('utf8') : undefined;
    } finally {
      await handle.close();
    }
  } catch {
    return undefined;
  }
};

/** What the operator lets privileged users have. Who is privileged is not its business. */
export class Grants {
  private readonly tokens = new Map<string, Tokens>();

  constructor(
    private readonly document: GrantsDocument,
    private readonly log: Log,
  ) {}

  async key(name: string): Promise<string | undefined> {
    const { key_pairs: folder } = this.document;
    return folder === undefined || !PLAIN_NAME.test(name) ? undefined : textOf(join(folder, name));
  }

  async proxy(dn: string, role: string | null): Promise<string | undefined> {
    const found = this.document.proxies.find((each) => each.dn === dn && (each.role ?? null) === role);
    return found === undefined ? undefined : textOf(found.file);
  }

  tokenKey(clientName: string): string | undefined {
    return this.client(clientName)?.token_key;
  }

  /** Whether the client may have its tokens with this token key. */
  isOpenedBy(clientName: string, tokenKey: string | null): boolean {
    const client = this.client(clientName);
    return client?.demands_token_key !== true || (client.token_key !== undefined && client.token_key === tokenKey);
  }

  async token(clientName: string): Promise<string | undefined> {
    const client = this.client(clientName);
    if (client === undefined) return undefined;
    const { token, token_file: file } = client;
    return token ?? (file === undefined ? await this.issuedToken(client) : (await textOf(file))?.trim());
  }

  private async issuedToken({ name, ...client }: ClientGrant): Promise<string | undefined> {
    const { issuer, client_id: clientId, client_secret: clientSecret, scope } = client;
    if (issuer === undefined || clientId === undefined) return undefined;
    const kept = this.tokens.get(name);
    if (kept?.expiration !== undefined && kept.expiration - RENEW_SECONDS > Date.now() / 1000) return kept.access_token;
    const tokens = await new TokenEndpoint({ issuer, locations: [], clientId, clientSecret }).own(scope);
    if (tokens instanceof DomainError) {
      this.log.warn({ client: name, reason: tokens.message }, 'An issuer gives no token for a client of PanDA');
      return undefined;
    }
    this.tokens.set(name, tokens);
    return tokens.access_token;
  }

  private client(clientName: string): ClientGrant | undefined {
    return this.document.clients.find(({ name }) => name === clientName);
  }
}
