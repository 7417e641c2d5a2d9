import type { Readable } from 'node:stream';
import { timeOrderedId } from '#platform/time-ordered-id.js';
import type { BlobStore, StoredBlob } from '#storage/blob-store.js';
import { type BodyReading, checkBody, dropRest, tooLarge } from '../body/read-body.js';
import { bodyChunks, release } from './body-chunks.js';
import { MemberExtractor } from './member-extractor.js';

/** Larger bodies are never held as a whole. */
const HELD_BYTES_MAX = 256 * 1024;

/** Of everything but the uploaded member. */
const REST_BYTES_MAX = 256 * 1024;

/** A member of the body, a string, that may be very large. */
export interface Upload {
  readonly member: string;
  /** Keys of blobs begin so. */
  readonly prefix: string;
}

/** A body as it was read. */
export interface Received {
  /** The body, without the content of the member if that went to the blob store. */
  readonly body: Buffer;
  /** The member as it was sent: the raw JSON of a string. */
  readonly blob?: StoredBlob;
}

async function* extracting(
  extractor: MemberExtractor,
  held: Buffer[],
  more: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, void> {
  for (const chunk of held.splice(0)) yield* extractor.feed(chunk);
  for await (const chunk of more) {
    yield* extractor.feed(chunk);
    release(chunk);
  }
}

/** @throws HttpError behind so many bytes */
async function* atMost(stream: Readable, bytesMax: number): AsyncGenerator<Buffer, void, void> {
  let bytes = 0;
  for await (const chunk of bodyChunks(stream)) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw tooLarge();
    yield chunk;
  }
}

/** Receives bodies with a member that may be very large: it goes straight to the blob store. */
export class Uploads {
  constructor(private readonly blobs: BlobStore) {}

  /**
   * @throws DomainError kind `invalid`; HttpError; whatever `authorize`, which is called before anything is stored, rejects with
   */
  async receive(upload: Upload, stream: Readable, reading: BodyReading): Promise<Received> {
    const chunks = atMost(stream, reading.limits.bytesMax);
    try {
      const received = await this.read(upload, chunks, reading);
      await this.check(received, reading);
      return received;
    } catch (error) {
      void chunks.return().then(() => dropRest(stream));
      throw error;
    }
  }

  /** Deletes an upload whose request was rejected afterwards: nothing references it. */
  discard({ key }: StoredBlob): Promise<void> {
    return this.blobs.delete(key);
  }

  private async check({ body, blob }: Received, { limits }: BodyReading): Promise<void> {
    try {
      checkBody(body, limits);
    } catch (error) {
      if (blob !== undefined) await this.discard(blob);
      throw error;
    }
  }

  private async read(
    { member, prefix }: Upload,
    chunks: AsyncGenerator<Buffer, void, void>,
    { account, authorize }: BodyReading,
  ): Promise<Received> {
    const held: Buffer[] = [];
    let bytes = 0;
    while (bytes <= HELD_BYTES_MAX) {
      const chunk = await chunks.next();
      if (chunk.done === true) return { body: Buffer.concat(held) };
      held.push(chunk.value);
      bytes += chunk.value.length;
      account.holds(bytes);
    }
    await authorize();
    const extractor = new MemberExtractor(member, REST_BYTES_MAX);
    const blob = await this.blobs.put(prefix + timeOrderedId(), extracting(extractor, held, chunks));
    try {
      const body = extractor.end();
      if (extractor.found) return { body, blob };
      await this.discard(blob);
      return { body };
    } catch (error) {
      await this.discard(blob);
      throw error;
    }
  }
}
