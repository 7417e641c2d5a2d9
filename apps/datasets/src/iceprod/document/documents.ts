import type { BlobStore, StoredBlob } from '#storage/blob-store.js';
import { timeOrderedId } from '#platform/time-ordered-id.js';

/** Kinds of documents, and how their keys in the blob store begin. */
export const DOCUMENT_BLOBS = { config: 'config/', request: 'request/' } as const;

/** Documents that take more room in an event, where quotes are escaped, go to the blob store. */
const INLINE_BYTES_MAX = 128 * 1024;

/**
 * What an event holds of a document: its text, or when that is large the blob that is made of it here, before the event.
 *
 * @param text raw JSON
 */
export const storeDocument = async (
  blobs: BlobStore,
  kind: keyof typeof DOCUMENT_BLOBS,
  text: string,
): Promise<{ readonly raw: string } | { readonly blob: StoredBlob }> =>
  Buffer.byteLength(JSON.stringify(text)) <= INLINE_BYTES_MAX
    ? { raw: text }
    : { blob: await blobs.put(DOCUMENT_BLOBS[kind] + timeOrderedId(), text) };
