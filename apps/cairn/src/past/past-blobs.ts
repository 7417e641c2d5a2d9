import { join } from 'node:path';
import type { Environment } from '#platform/environment.js';
import type { Log } from '#platform/logging.js';
import type { BlobStore } from '#storage/blob-store.js';
import { FolderBlobStore } from '#storage/folder-blob-store.js';

export interface PastBlobs {
  readonly blobs: BlobStore;
  close(): Promise<void>;
}

/**
 * The blobs of a Cairn, for its past to read.
 *
 * @param environment of the Cairn; over NATS of its events service, whose user of the broker may read them
 */
export const openPastBlobs = async (environment: Environment, log: Log): Promise<PastBlobs> => {
  if (environment.NATS_URL.length === 0) {
    const blobs = new FolderBlobStore(join(environment.CAIRN_DATA_DIR, 'blobs'));
    return { blobs, close: () => Promise.resolve() };
  }
  // Loaded only where it is needed: a view of an embedded Cairn starts without.
  const { connectNats } = await import('#bus/nats-connection.js');
  const { JetStreamBlobStore } = await import('#storage/jetstream-blob-store.js');
  const connection = await connectNats(environment, 'events', log);
  return { blobs: await JetStreamBlobStore.openExisting(connection), close: () => connection.close() };
};
