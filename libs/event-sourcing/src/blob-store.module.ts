import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { Environment } from '#platform/environment.js';
import { Log } from '#platform/logging.js';
import { Broker } from '#bus/broker.js';
import { BlobStore } from '#storage/blob-store.js';
import { FolderBlobStore } from '#storage/folder-blob-store.js';

const openBlobStore = async (
  { CAIRN_DATA_DIR, BLOB_COPIES: copies }: Environment,
  { connection }: Broker,
  log: Log,
): Promise<BlobStore> => {
  if (connection === undefined) return new FolderBlobStore(join(CAIRN_DATA_DIR, 'blobs'));
  // Loaded only where it is needed: embedded Cairn starts without.
  const { JetStreamBlobStore } = await import('#storage/jetstream-blob-store.js');
  return JetStreamBlobStore.open(connection, { copies, log });
};

/** The {@link BlobStore} that all processes of a Cairn share: its folder, or an object store of the broker. */
@Module({
  providers: [{ provide: BlobStore, inject: [Environment, Broker, Log], useFactory: openBlobStore }],
  exports: [BlobStore],
})
export class BlobStoreModule {}
