import { Injectable } from '@nestjs/common';
import { type CredentialRecord, credentialStream } from '#contracts/credential-events.js';
import type { CredentialOwner } from '#contracts/credentials.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { CredentialRecords } from './credential-projection.js';
import { CredentialStore } from './credential-store.js';

export const deletionOf = (record: CredentialRecord): DecidedEvent => ({
  stream: credentialStream(record.owner),
  type: 'CredentialDeleted',
  data: record,
});

/** The credentials of a user or group that is deleted: they are deleted by the same command. */
@Injectable()
export class CredentialsOfOwner {
  private readonly records: CredentialRecords;

  constructor(
    private readonly store: CredentialStore,
    readModel: ReadModel,
  ) {
    this.records = new CredentialRecords(readModel.writer);
  }

  /** The current credentials; for deciders. */
  of(owner: CredentialOwner): readonly CredentialRecord[] {
    return this.records.of(owner);
  }

  /** Removes the encrypted secrets once the deletion is recorded; after a crash the next start does it. */
  forget(records: readonly CredentialRecord[]): Promise<void> {
    return this.store.forget(records.map(({ credential_id }) => credential_id));
  }
}
