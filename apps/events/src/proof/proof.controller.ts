import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { DomainError } from '#platform/domain-error.js';
import type { Answer, Message, Nothing, Page } from '#bus/contract.js';
import {
  ListCheckpointKeys,
  ListCheckpoints,
  ReadCheckpoint,
  SignCheckpoint,
  VerifyHistory,
} from '#contracts/cairn/proof.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { type CheckpointJwk, checkpointJwk } from '#ledger/proof/checkpoint.js';
import { CHECKPOINT_FORMAT } from '#ledger/proof/proof-files.js';
import { CheckpointSigner } from './checkpoint-signer.js';
import { Checkpoints } from './checkpoints-projection.js';
import { HistoryVerification } from './history-verification.js';

interface Document {
  readonly document: string;
}

@Controller()
export class ProofController {
  private readonly checkpoints: Checkpoints;

  constructor(
    { queries }: ReadModel,
    private readonly signer: CheckpointSigner,
    private readonly verification: HistoryVerification,
  ) {
    this.checkpoints = new Checkpoints(queries);
  }

  @MessagePattern(SignCheckpoint.subject)
  sign({ context }: Message<Nothing>): Promise<Answer<Document>> {
    return this.signer.sign(context);
  }

  @MessagePattern(ListCheckpoints.subject)
  list({ request: { cursor, limit } }: Message<{ readonly cursor?: string; readonly limit: number }>): Answer<Page> {
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor);
    if (!Number.isSafeInteger(before)) {
      throw new DomainError('invalid', 'request.invalid', 'cursor must be `next` of the page before');
    }
    // One more shows whether others follow.
    const found = this.checkpoints.before(before, limit + 1);
    const entries = found.slice(0, limit);
    return { reply: { entries, ...(found.length > limit && { next: `${numberOf(entries.at(-1))}` }) } };
  }

  @MessagePattern(ReadCheckpoint.subject)
  read({ request: { number } }: Message<{ readonly number?: number }>): Answer<Document> {
    const checkpoint =
      number === undefined ? this.checkpoints.before(Number.MAX_SAFE_INTEGER, 1)[0] : this.checkpoints.numbered(number);
    if (checkpoint === undefined) throw new DomainError('not-found', 'checkpoint.not-found', 'Checkpoint not found');
    return { reply: { document: `{"format":${JSON.stringify(CHECKPOINT_FORMAT)},"checkpoint":${checkpoint}}` } };
  }

  @MessagePattern(ListCheckpointKeys.subject)
  keys(): Answer<{ readonly keys: readonly CheckpointJwk[] }> {
    return { reply: { keys: this.checkpoints.keys().map(checkpointJwk) } };
  }

  @MessagePattern(VerifyHistory.subject)
  async verify(): Promise<Answer<Document>> {
    return { reply: { document: JSON.stringify(await this.verification.state()) } };
  }
}

const numberOf = (checkpoint = '{}'): number => (JSON.parse(checkpoint) as { readonly number: number }).number;
