import type { Readable } from 'node:stream';
import { timeOrderedId } from '#platform/time-ordered-id.js';
import type { BlobStore, StoredBlob } from '#storage/blob-store.js';
import { HttpError } from '../edge/request-error.js';
import { bodyChunks, release } from './body-chunks.js';
import { MemberExtractor } from './member-extractor.js';

/** The content type under which the body of an upload comes as a stream. */
export const UPLOAD_TYPE = 'application/vnd.cairn.upload';

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

interface Received {
  /** The body, without the content of the member if that went to the blob store. */
  readonly body: Buffer;
  /** The member as it was sent: the raw JSON of a string. */
  readonly blob?: StoredBlob;
}

async function* cutting(
  cutter: MemberExtractor,
  held: Buffer[],
  more: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, void> {
  for (const piece of held.splice(0)) yield* cutter.feed(piece);
  for await (const piece of more) {
    yield* cutter.feed(piece);
    release(piece);
  }
}

/** @throws HttpError behind so many bytes */
async function* atMost(stream: Readable, bytesMax: number): AsyncGenerator<Buffer, void, void> {
  let bytes = 0;
  for await (const piece of bodyChunks(stream)) {
    bytes += piece.length;
    if (bytes > bytesMax) throw new HttpError(413, 'Request body is too large');
    yield piece;
  }
}

/** Receives bodies with a member that may be very large: it goes straight to the blob store. */
export class Uploads {
  constructor(
    private readonly blobs: BlobStore,
    private readonly bytesMax: number,
  ) {}

  /**
   * @param mayStore asked before anything is stored
   * @throws DomainError kind `invalid`; HttpError; whatever `mayStore` rejects with
   */
  async receive(upload: Upload, stream: Readable, mayStore: () => Promise<void>): Promise<Received> {
    const pieces = atMost(stream, this.bytesMax);
    try {
      return await this.read(upload, pieces, mayStore);
    } catch (error) {
      // What is still on its way is let through, so that the client comes to read the answer.
      void pieces.return().then(() => stream.resume());
      throw error;
    }
  }

  /** A request was refused after its upload: what was stored belongs to nobody. */
  discard({ key }: StoredBlob): Promise<void> {
    return this.blobs.delete(key);
  }

  private async read(
    { member, prefix }: Upload,
    pieces: AsyncGenerator<Buffer, void, void>,
    mayStore: () => Promise<void>,
  ): Promise<Received> {
    const held: Buffer[] = [];
    let bytes = 0;
    while (bytes <= HELD_BYTES_MAX) {
      const piece = await pieces.next();
      if (piece.done === true) return { body: Buffer.concat(held) };
      held.push(piece.value);
      bytes += piece.value.length;
    }
    await mayStore();
    const cutter = new MemberExtractor(member, REST_BYTES_MAX);
    const blob = await this.blobs.put(prefix + timeOrderedId(), cutting(cutter, held, pieces));
    try {
      const body = cutter.end();
      if (cutter.found) return { body, blob };
      await this.discard(blob);
      return { body };
    } catch (error) {
      await this.discard(blob);
      throw error;
    }
  }
}
