import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { Broker } from '#bus/broker.js';
import { BlobStore } from '#storage/blob-store.js';
import { FolderBlobStore } from '#storage/folder-blob-store.js';
import { ReadOnlyBlobStore } from '#storage/read-only-blob-store.js';

const openBlobStore = async (
  { CAIRN_DATA_DIR, BLOB_COPIES: copies }: Environment,
  { connection }: Broker,
  log: Log,
  ofPast?: ReadOnlyBlobStore,
): Promise<BlobStore> => {
  if (ofPast !== undefined) return ofPast;
  if (connection === undefined) return new FolderBlobStore(join(CAIRN_DATA_DIR, 'blobs'));
  // Loaded only where it is needed: embedded Cairn starts without.
  const { JetStreamBlobStore } = await import('#storage/jetstream-blob-store.js');
  return JetStreamBlobStore.open(connection, { copies, log });
};

/** In a past Cairn. */
const OF_PAST = { token: ReadOnlyBlobStore, optional: true };

/** The {@link BlobStore} that all processes of a Cairn share: its folder, or an object store of the broker. */
@Module({
  providers: [{ provide: BlobStore, inject: [Environment, Broker, Log, OF_PAST], useFactory: openBlobStore }],
  exports: [BlobStore],
})
export class BlobStoreModule {}
