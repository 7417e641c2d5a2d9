import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import { DomainError, type DomainErrorValue, refusalOf } from '#platform/domain-error.js';
import { Environment } from '#platform/environment.js';
import { ref, streamName } from '#ledger/ref.js';
import { Bus } from '#bus/bus.js';
import type { Answer, Message, Nothing } from '#bus/contract.js';
import { BlobStore } from '#storage/blob-store.js';
import { type ConfigReply, GetConfig, PutConfig, type PutConfigRequest } from '#contracts/iceprod/datasets.js';
import type { DatasetEvents } from '#contracts/iceprod/dataset-events.js';
import { datasetBytesRefusal } from '#contracts/iceprod/dataset-bytes.js';
import { AccessRules } from '#event-sourcing/access-rules.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { storeDocument } from '../document/documents.js';
import { ForeignCredentials } from '../action/foreign-credentials.js';
import { ConfigPool } from './config-pool.js';
import { Configs } from './config-projection.js';

const refused = (error: DomainError): { readonly error: DomainErrorValue } => ({ error: error.toValue() });

const notFound = (): DomainError => new DomainError('not-found', 'config.not-found', 'Config not found');

/** Messages about the configs of IceProd datasets. The dataset of a config need not exist (contract 1.7). */
@Controller()
export class ConfigController {
  private readonly rules: AccessRules;
  private readonly configs: Configs;
  private readonly decided: Configs;
  private readonly foreign: ForeignCredentials;

  constructor(
    private readonly mailbox: Mailbox,
    private readonly blobs: BlobStore,
    private readonly pool: ConfigPool,
    readModel: ReadModel,
    bus: Bus,
    private readonly environment: Environment,
  ) {
    this.rules = new AccessRules(readModel.queries, 'iceprod');
    this.configs = new Configs(readModel.queries);
    this.decided = new Configs(readModel.writer);
    this.foreign = new ForeignCredentials(readModel.queries, bus, environment);
  }

  @MessagePattern(GetConfig.subject)
  async get({ context, request }: Message<{ dataset_id: string }>): Promise<Answer<ConfigReply>> {
    const denied = this.rules.authorize(request.dataset_id, 'read', context.caller);
    if (denied !== undefined) return refused(denied);
    const stored = this.configs.find(request.dataset_id);
    if (stored === undefined) return refused(notFound());
    const { origin } = stored;
    if ('text' in stored) return { reply: { document: stored.text, ...origin } };
    const document = await this.blobs.getText(stored.blobKey);
    if (document === undefined) throw new Error(`Blob ${stored.blobKey} is missing`);
    return { reply: { document, ...origin } };
  }

  @MessagePattern(PutConfig.subject)
  async put({ context, request }: Message<PutConfigRequest>): Promise<Answer<Nothing>> {
    const { dataset_id: id, account } = request;
    const { username, roles, groups } = request.writer ?? context.caller;
    // Judged here and not in the mailbox, because whoever may not write must neither fill the blob store nor learn what is
    // wrong with the config.
    const denied = this.rules.authorize(id, 'write', context.caller);
    if (denied !== undefined) return refused(denied);
    const text = await refusalOf(this.pool.run('check', id, request.config));
    if (text instanceof DomainError) return refused(text);
    const timeMicros = nowMicros();
    const full = this.refusal(this.configs, id, text);
    // Before anything changes. Bytes never get fewer, and a repeat of a request that was accepted still gets its answer.
    if (full !== undefined) return this.mailbox.execute<Nothing>({ context, timeMicros, decide: () => full });
    const isOfClient = request.writer === undefined;
    if (isOfClient) await this.foreign.delete(id, context);
    const stored = await storeDocument(this.blobs, 'config', text);
    const data: DatasetEvents['ConfigSet'] = {
      ...('raw' in stored ? { config: stored.raw } : stored),
      writer: { username, roles, groups },
      ...(account !== undefined && { account }),
    };
    const stream = streamName('workload', ref('iceprod', 'main', id));
    const answer = await this.mailbox.execute<Nothing>({
      context,
      timeMicros,
      decide: () =>
        this.refusal(this.decided, id, text) ?? { events: [{ stream, type: 'ConfigSet', data }], reply: {} },
    });
    // An edit of somebody else may have stored some meanwhile.
    if (isOfClient) await this.foreign.delete(id, context);
    return answer;
  }

  /** Of what would make the configs of the dataset too large. */
  private refusal(configs: Configs, id: string, text: string): DomainError | undefined {
    const quota = { usedBytes: configs.bytesOf(id), mibMax: this.environment.DATASET_MIB_MAX };
    return datasetBytesRefusal('configs', quota, Buffer.byteLength(text));
  }
}
