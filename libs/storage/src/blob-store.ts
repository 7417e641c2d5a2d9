import type { Readable } from 'node:stream';

/** What events hold of a blob. */
export interface StoredBlob {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Of the content, hex. */
  readonly sha256: string;
}

/** A text is stored as UTF-8. */
export type BlobContent = string | Uint8Array | AsyncIterable<Uint8Array>;

/** Whether a key is of one of the kinds that are asked for; undefined is nobody's. */
export const hasPrefix = (key: string | undefined, prefixes: readonly string[]): key is string =>
  key !== undefined && prefixes.some((prefix) => key.startsWith(prefix));

/** Content of any form, piece by piece. */
export const piecesOf = (content: BlobContent): Iterable<Uint8Array> | AsyncIterable<Uint8Array> => {
  if (typeof content === 'string') return [Buffer.from(content)];
  return content instanceof Uint8Array ? [content] : content;
};

/** A blob as it is found by looking for it. */
export interface ListedBlob {
  readonly key: string;
  /** When it was put, in milliseconds since the Unix epoch. */
  readonly storedMs: number;
}

/**
 * Log bodies, uploaded files and large documents: bytes under keys that the caller makes. Never changed in place: a new
 * content gets a new key. An abstract class, so that it is its own Nest token.
 */
export abstract class BlobStore {
  /**
   * Resolves when the blob is on disk. A reader sees the whole blob or none. Of a content in pieces the next one is asked for
   * when nothing holds the one before any more, so that its memory can be used again.
   */
  abstract put(key: string, content: BlobContent): Promise<StoredBlob>;

  /** Undefined when there is no such blob. */
  abstract get(key: string): Promise<Readable | undefined>;

  /** The whole blob as UTF-8; for documents of known, modest size. */
  abstract getText(key: string): Promise<string | undefined>;

  /** Deleting what is absent is fine. */
  abstract delete(key: string): Promise<void>;

  /**
   * Blobs whose keys begin with one of the prefixes, in no order; those put or deleted meanwhile may be missed or listed. All
   * keys are looked through, however few are meant.
   */
  abstract list(...prefixes: readonly string[]): AsyncIterable<ListedBlob>;

  /**
   * Deletes what puts left behind that never came to their end, because their process died: what was written last before the
   * given time. Returns how many there were.
   */
  abstract dropUnfinished(beforeMs: number): Promise<number>;
}
