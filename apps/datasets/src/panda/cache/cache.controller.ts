import { Controller } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { nowMicros } from '#platform/clock.js';
import type { Answer, Message, MessageContext } from '#bus/contract.js';
import {
  AdmitSandbox,
  AppendToCacheFile,
  type CachePieces,
  type ChangedFile,
  DeleteCacheFile,
  FindSandbox,
  GetCachePieces,
  RegisterCacheFile,
  type SandboxName,
  StoreCacheFile,
  type StoreCacheFileRequest,
  type StoredFile,
  StoreSandbox,
  type StoreSandboxRequest,
  TouchCacheFile,
  type UploadRefusal,
} from '#contracts/panda/cache.js';
import type { Registration } from '#contracts/panda/cache-events.js';
import type { Decided } from '#event-sourcing/command.js';
import { Mailbox } from '#event-sourcing/mailbox.js';
import { ReadModel } from '#event-sourcing/read-model.js';
import { BlobStore } from '#storage/blob-store.js';
import { CacheFiles } from './cache-view.js';
import {
  admitSandbox,
  appendToFile,
  deleteFile,
  type Drops,
  registerFile,
  storeFile,
  storeSandbox,
  touchFile,
} from './decide-cache.js';

/** Registrations are found for so long (contract 7.5). */
const FOUND_FOR_MICROS = 3 * 24 * 3600 * 1_000_000;

type StoreReply = { refusal: 'foreign' } | StoredFile;

/** Messages about cache files (contract 7). */
@Controller()
export class CacheController {
  private readonly shown: CacheFiles;
  private readonly view: CacheFiles;

  constructor(
    private readonly mailbox: Mailbox,
    private readonly blobs: BlobStore,
    { queries, writer }: ReadModel,
  ) {
    this.shown = new CacheFiles(queries);
    this.view = new CacheFiles(writer);
  }

  @MessagePattern(AdmitSandbox.subject)
  admit({ context, request }: Message<SandboxName>): Promise<Answer<{ refusal?: UploadRefusal }>> {
    return this.execute(context, () => admitSandbox(this.view, request));
  }

  @MessagePattern(StoreSandbox.subject)
  storeSandbox({
    context,
    request,
  }: Message<StoreSandboxRequest>): Promise<Answer<{ refusal: UploadRefusal } | StoredFile>> {
    return this.dropping(context, () => storeSandbox(this.view, request));
  }

  @MessagePattern(StoreCacheFile.subject)
  store({ context, request }: Message<StoreCacheFileRequest>): Promise<Answer<StoreReply>> {
    return this.dropping(context, () => storeFile(this.view, request));
  }

  @MessagePattern(AppendToCacheFile.subject)
  append({ context, request }: Message<StoreCacheFileRequest>): Promise<Answer<StoreReply>> {
    return this.execute(context, () => appendToFile(this.view, request));
  }

  @MessagePattern(TouchCacheFile.subject)
  touch({ context, request: { path } }: Message<{ path: string }>): Promise<Answer<{ found: boolean }>> {
    return this.execute(context, () => touchFile(this.view, path));
  }

  @MessagePattern(DeleteCacheFile.subject)
  delete({ context, request }: Message<ChangedFile>): Promise<Answer<{ refusal?: 'absent' | 'foreign' }>> {
    return this.dropping(context, () => deleteFile(this.view, request));
  }

  @MessagePattern(RegisterCacheFile.subject)
  register({
    context,
    request: { registration },
  }: Message<{ registration: Registration }>): Promise<Answer<{ registered: boolean }>> {
    return this.execute(context, () => registerFile(this.view, registration));
  }

  @MessagePattern(GetCachePieces.subject)
  pieces({ request: { path, from } }: Message<{ path: string; from: number }>): Answer<{ found?: CachePieces }> {
    const found = this.shown.pieces(path, from);
    return { reply: found === undefined ? {} : { found } };
  }

  @MessagePattern(FindSandbox.subject)
  sandbox({ request }: Message<{ user_name: string; file_size: number; checksum: string }>): Answer<{
    found?: Pick<Registration, 'host' | 'file_name'>;
  }> {
    const found = this.shown.sandbox(request, nowMicros() - FOUND_FOR_MICROS);
    return { reply: found === undefined ? {} : { found } };
  }

  private execute<Reply>(context: MessageContext, decide: () => Decided<Reply>): Promise<Answer<Reply>> {
    return this.mailbox.execute({ context, timeMicros: nowMicros(), decide });
  }

  /** Deletes the blobs that no file has any more. After a crash the collector does. */
  private async dropping<Reply extends Drops>(
    context: MessageContext,
    decide: () => Decided<Reply>,
  ): Promise<Answer<Reply>> {
    const answer = await this.execute(context, decide);
    if ('reply' in answer) await Promise.all(answer.reply.drops.map((key) => this.blobs.delete(key)));
    return answer;
  }
}
