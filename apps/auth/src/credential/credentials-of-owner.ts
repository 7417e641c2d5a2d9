import { Injectable } from '@nestjs/common';
import { type CredentialFact, credentialStream } from '#contracts/credential-events.js';
import type { CredentialOwner } from '#contracts/iceprod/credentials.js';
import type { DecidedEvent } from '#event-sourcing/command.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { CredentialFacts } from './credential-projection.js';
import { CredentialStore } from './credential-store.js';

export const deletionOf = (fact: CredentialFact): DecidedEvent => ({
  stream: credentialStream(fact.owner),
  type: 'CredentialDeleted',
  data: fact,
});

/** The credentials of a user or group that goes: their end is decided together with the owner's. */
@Injectable()
export class CredentialsOfOwner {
  private readonly facts: CredentialFacts;

  constructor(
    private readonly store: CredentialStore,
    readModel: ReadModel,
  ) {
    this.facts = new CredentialFacts(readModel.writer);
  }

  /** Those that count now; for deciders. */
  of(owner: CredentialOwner): readonly CredentialFact[] {
    return this.facts.of(owner);
  }

  /** Removes what was sealed, once the end is recorded; a crash before leaves it to the next start. */
  forget(facts: readonly CredentialFact[]): Promise<void> {
    return this.store.forget(facts.map(({ credential_id }) => credential_id));
  }
}
