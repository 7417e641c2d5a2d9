import type { Readable } from 'node:stream';
import type { DomainError } from '#platform/domain-error.js';
import { BlobStore, type ListedBlob, type StoredBlob } from './blob-store.js';

/** A blob store from which a reader may read, and no more. */
export class ReadOnlyBlobStore extends BlobStore {
  /**
   * @param refusal what a change is refused with
   * @param absence says of blobs that are not here where they are; without it they are nowhere
   */
  constructor(
    private readonly blobs: BlobStore,
    private readonly refusal: DomainError,
    private readonly absence?: DomainError,
  ) {
    super();
  }

  override put(): Promise<StoredBlob> {
    return Promise.reject(this.refusal);
  }

  override async get(key: string): Promise<Readable | undefined> {
    return this.found(await this.blobs.get(key));
  }

  override async getText(key: string): Promise<string | undefined> {
    return this.found(await this.blobs.getText(key));
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

  /** @throws DomainError */
  private found<Found>(blob: Found | undefined): Found | undefined {
    if (blob === undefined && this.absence !== undefined) throw this.absence;
    return blob;
  }
}
