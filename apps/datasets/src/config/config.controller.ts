import { createHash } from 'node:crypto';
import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { DomainError, type DomainErrorValue } from '#platform/domain-error.js';
import { ref, streamName } from '#ledger/ref.js';
import type { Answer, Message, Nothing } from '#bus/contract.js';
import { BlobStore } from '#keep/blob-store.js';
import { GetConfig, PutConfig } from '#contracts/iceprod/datasets.js';
import type { WorkloadEvents } from '#contracts/workload-events.js';
import { AccessRules } from '#projection/access-rules.js';
import { Mailbox } from '#projection/mailbox.js';
import { ReadModel } from '#projection/read-model.js';
import { checkConfig } from './check-config.js';
import { Configs } from './config-projection.js';

/** Configs that take more room in an event, where quotes are escaped, go to the blob store. */
const INLINE_BYTES_MAX = 128 * 1024;

const refused = (error: DomainError): { readonly error: DomainErrorValue } => ({ error: error.toValue() });

const notFound = (): DomainError => new DomainError('not-found', 'config.not-found', 'Config not found');

/** Messages about the configs of IceProd datasets. The dataset of a config need not exist (contract 1.7). */
@Controller()
export class ConfigController {
  private readonly rules: AccessRules;
  private readonly configs: Configs;

  constructor(
    private readonly mailbox: Mailbox,
    private readonly blobs: BlobStore,
    readModel: ReadModel,
  ) {
    this.rules = new AccessRules(readModel.queries);
    this.configs = new Configs(readModel.queries);
  }

  @MessagePattern(GetConfig.subject)
  async get({ context, request }: Message<{ dataset_id: string }>): Promise<Answer<{ document: string }>> {
    const denied = this.rules.judge(request.dataset_id, 'read', context.caller);
    if (denied !== undefined) return refused(denied);
    const stored = this.configs.find(request.dataset_id);
    if (stored === undefined) return refused(notFound());
    if ('text' in stored) return { reply: { document: stored.text } };
    const document = await this.blobs.getText(stored.blobKey);
    if (document === undefined) throw new Error(`Blob ${stored.blobKey} is missing`);
    return { reply: { document } };
  }

  @MessagePattern(PutConfig.subject)
  async put({ context, request }: Message<{ dataset_id: string; config: string }>): Promise<Answer<Nothing>> {
    const { dataset_id: id } = request;
    // Judged here and not in the mailbox, because whoever may not write must neither fill the blob store nor learn what is
    // wrong with the config.
    const denied = this.rules.judge(id, 'write', context.caller);
    if (denied !== undefined) return refused(denied);
    const text = checkConfig(id, request.config);
    if (text instanceof DomainError) return refused(text);
    const aggregate = ref('iceprod', 'main', id);
    const data = await this.stored(aggregate, text);
    return this.mailbox.execute<Nothing>({
      context,
      timeMicros: nowMicros(),
      decide: () => ({ events: [{ stream: streamName('workload', aggregate), type: 'ConfigSet', data }], reply: {} }),
    });
  }

  /** What the event holds. The same content of the same dataset is the same blob, so that a repeat adds none. */
  private async stored(aggregate: string, text: string): Promise<WorkloadEvents['ConfigSet']> {
    if (Buffer.byteLength(JSON.stringify(text)) <= INLINE_BYTES_MAX) return { config: text };
    const sha256 = createHash('sha256').update(text).digest('hex');
    return { blob: await this.blobs.put(`config/${aggregate}/${sha256}`, text) };
  }
}
