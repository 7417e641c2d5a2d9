import { hash, randomBytes } from 'node:crypto';
import type { KeyValueStore } from '#storage/key-value-store.js';
import { entriesUnder } from '#storage/entries-under.js';

const PREFIX = 'client/';
const SECRET_BYTES = 32;

/** Client of everybody's scripts; known without registration (IceProd contract 3). */
export const PUBLIC_CLIENT = 'iceprod-public';

/** A program that may ask for tokens. */
export interface Client {
  readonly clientId: string;
  /** SHA-256 of the secret, which is random and long; without it the client is public. */
  readonly secretHash?: string;
  /** Addresses to which browsers may return after a login. */
  readonly redirectUris: readonly string[];
  /** Its own tokens hold the role `system`. */
  readonly isSystem: boolean;
  /** Its own tokens hold the role `worker`. */
  readonly isWorker?: true;
}

export const hashSecret = (secret: string): string => hash('sha256', secret);
export const generateSecret = (): string => randomBytes(SECRET_BYTES).toString('base64url');

/** Registered clients, in the key-value store. */
export class Clients {
  constructor(private readonly keyValueStore: KeyValueStore) {}

  async find(clientId: string): Promise<Client | undefined> {
    const text = await this.keyValueStore.get(PREFIX + clientId);
    if (text !== undefined) return JSON.parse(text) as Client;
    return clientId === PUBLIC_CLIENT ? { clientId, redirectUris: [], isSystem: false } : undefined;
  }

  /** Whether a secret of this hash is the client's. */
  async isSecret({
    clientId,
    secretHash,
  }: {
    readonly clientId: string;
    readonly secretHash: string;
  }): Promise<boolean> {
    return (await this.find(clientId))?.secretHash === secretHash;
  }

  put(client: Client): Promise<void> {
    return this.keyValueStore.put(PREFIX + client.clientId, JSON.stringify(client));
  }

  remove(clientId: string): Promise<void> {
    return this.keyValueStore.delete(PREFIX + clientId);
  }

  async list(): Promise<readonly Client[]> {
    const found: Client[] = [];
    for await (const { value } of entriesUnder(this.keyValueStore, PREFIX)) found.push(JSON.parse(value) as Client);
    return found;
  }
}
