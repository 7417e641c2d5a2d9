import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Encrypted, SecretKeys } from '#platform/secret-keys.js';
import { entriesUnder } from '#storage/entries-under.js';
import { KeyValueStore } from '#storage/key-value-store.js';
import { SECRET_PREFIX, type WebhookTarget } from './webhook-sender.js';

const KEY_BYTES = 32;

const PREFIX = 'webhook-target/';
const keyOf = (id: string): string => PREFIX + id;
/** Binds what is encrypted to its webhook: moved elsewhere it cannot be decrypted. */
const contextOf = (id: string): string => `webhook ${id}`;

/** URLs and keys of webhooks, encrypted in the key-value store. */
@Injectable()
export class WebhookTargets {
  constructor(
    private readonly keyValueStore: KeyValueStore,
    private readonly keys: SecretKeys,
  ) {}

  /** Ids of all webhooks that have something here. */
  async *ids(): AsyncGenerator<string, void, void> {
    for await (const { key } of entriesUnder(this.keyValueStore, PREFIX)) yield key.slice(PREFIX.length);
  }

  /** Makes a key for a new webhook. */
  async make(id: string, url: string): Promise<WebhookTarget> {
    const target: WebhookTarget = { url, secret: SECRET_PREFIX + randomBytes(KEY_BYTES).toString('base64') };
    const encrypted = this.keys.encrypt(JSON.stringify(target), contextOf(id));
    await this.keyValueStore.put(keyOf(id), JSON.stringify(encrypted));
    return target;
  }

  /** Undefined when the key-value store was lost, or the key that encrypts. */
  async read(id: string): Promise<WebhookTarget | undefined> {
    const box = await this.keyValueStore.get(keyOf(id));
    const text = box === undefined ? undefined : this.keys.decrypt(JSON.parse(box) as Encrypted, contextOf(id));
    return text === undefined ? undefined : (JSON.parse(text) as WebhookTarget);
  }

  forget(id: string): Promise<void> {
    return this.keyValueStore.delete(keyOf(id));
  }
}
