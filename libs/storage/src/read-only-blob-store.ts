import type { Readable } from 'node:stream';
import type { DomainError } from '#platform/domain-error.js';
import { BlobStore, type ListedBlob, type StoredBlob } from './blob-store.js';

/** A blob store from which a reader may read, and no more. */
export class ReadOnlyBlobStore extends BlobStore {
  /** @param refusal what a change is refused with */
  constructor(
    private readonly blobs: BlobStore,
    private readonly refusal: DomainError,
  ) {
    super();
  }

  override put(): Promise<StoredBlob> {
    return Promise.reject(this.refusal);
  }

  override get(key: string): Promise<Readable | undefined> {
    return this.blobs.get(key);
  }

  override getText(key: string): Promise<string | undefined> {
    return this.blobs.getText(key);
  }

  override delete(): Promise<void> {
    return Promise.reject(this.refusal);
  }

  override list(...prefixes: readonly string[]): AsyncIterable<ListedBlob> {
    return this.blobs.list(...prefixes);
  }

  override dropUnfinished(): Promise<number> {
    return Promise.reject(this.refusal);
  }
}
