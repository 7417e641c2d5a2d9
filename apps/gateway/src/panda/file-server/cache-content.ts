import { Injectable } from '@nestjs/common';
import { StringDecoder } from 'node:string_decoder';
import { DomainError } from '#platform/domain-error.js';
import { timeOrderedId } from '#platform/time-ordered-id.js';
import { Bus } from '#bus/bus.js';
import type { MessageContext } from '#bus/contract.js';
import { type CachePieces, GetCachePieces, type StoredFile } from '#contracts/panda/cache.js';
import { CACHE_BLOBS } from '#contracts/panda/cache-events.js';
import { type BlobContent, BlobStore, type StoredBlob } from '#storage/blob-store.js';

/** Whether something may have come of a command that failed. */
const isOpen = (error: unknown): boolean => !(error instanceof DomainError) || error.kind === 'unavailable';

/** A request that its client has named says what it says by its content too. */
const naming = (context: MessageContext, { sha256 }: StoredBlob): MessageContext =>
  context.requestHash === undefined ? context : { ...context, requestHash: `${context.requestHash} ${sha256}` };

/** Moves content between clients and the blob store, piece by piece. */
@Injectable()
export class CacheContent {
  constructor(
    private readonly bus: Bus,
    private readonly blobs: BlobStore,
  ) {}

  /**
   * Stores content, then has it recorded. A blob that a refusal or the repeat of a command leaves without a file is deleted.
   *
   * @param context of the request; its content may take longer to arrive than an answer may take
   * @param record sends the command that records it
   */
  async store<Reply extends Partial<StoredFile>>(
    kind: keyof typeof CACHE_BLOBS,
    content: BlobContent,
    context: MessageContext,
    record: (blob: StoredBlob, context: MessageContext) => Promise<Reply>,
  ): Promise<Reply> {
    const budgetMs = context.deadlineMs - Date.now();
    const blob = await this.blobs.put(CACHE_BLOBS[kind] + timeOrderedId(), content);
    try {
      const reply = await record(blob, { ...naming(context, blob), deadlineMs: Date.now() + budgetMs });
      if (reply.key !== blob.key) await this.blobs.delete(blob.key);
      return reply;
    } catch (error) {
      if (!isOpen(error)) await this.blobs.delete(blob.key);
      throw error;
    }
  }

  /** A file from a byte on; undefined when there is none. */
  async read(
    path: string,
    context: MessageContext,
    from = 0,
  ): Promise<{ readonly size: number; readonly content: AsyncIterable<Buffer> } | undefined> {
    const { found } = await this.bus.request(GetCachePieces, { path, from }, context);
    return found === undefined ? undefined : { size: found.size, content: this.pieces(path, context, found, from) };
  }

  /** What comes to a log while it is read may be read too. */
  private async *pieces(
    path: string,
    context: MessageContext,
    first: CachePieces,
    from: number,
  ): AsyncGenerator<Buffer, void, void> {
    const budgetMs = context.deadlineMs - Date.now();
    let [found, at] = [first, from];
    while (at < first.size) {
      for (const { key, start, size } of found.pieces) {
        const body = await this.blobs.get(key);
        if (body === undefined) throw new Error(`Cache file ${path} went away while it was read`);
        let skipped = at - start;
        for await (const piece of body as AsyncIterable<Buffer>) {
          if (skipped < piece.length) yield piece.subarray(skipped);
          skipped = Math.max(0, skipped - piece.length);
        }
        at = start + size;
      }
      if (at >= first.size) return;
      const question = { ...context, deadlineMs: Date.now() + budgetMs };
      const { found: more } = await this.bus.request(GetCachePieces, { path, from: at }, question);
      if (more === undefined || more.pieces.length === 0)
        throw new Error(`Cache file ${path} went away while it was read`);
      found = more;
    }
  }
}

/** Content as text; what is no UTF-8 becomes replacement characters. */
export async function* textOf(content: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, void> {
  const decoder = new StringDecoder('utf8');
  for await (const piece of content) {
    const text = decoder.write(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
    if (text !== '') yield text;
  }
  const rest = decoder.end();
  if (rest !== '') yield rest;
}
