import { createInbox, type NatsConnection } from '@nats-io/transport-node';
import { DomainError } from '#platform/domain-error.js';

/** A message up to this size travels as it is; NATS refuses more than 1 MiB. */
export const CHUNK_BYTES_MAX = 512 * 1024;

/** No single message is larger: room for the largest HTTP body with all its quotes escaped. */
const MESSAGE_BYTES_MAX = 256 * 1024 * 1024;

/** What is not fetched within this time is dropped. */
const RETENTION_MS = 60_000;

/** Chunks that are under way at the same time. */
const FETCH_CONCURRENCY = 4;
const CHUNK_TIMEOUT_MS = 5000;

/** Sent in place of a large message: the receiver fetches the chunks itself, at its own pace, from the sender. */
interface Announcement {
  readonly inbox: string;
  readonly id: number;
  readonly chunks: number;
}

interface ChunkRequest {
  readonly id: number;
  readonly chunk: number;
}

interface RetainedMessage {
  readonly bytes: Buffer;
  readonly release: () => void;
  /** Chunks still to be fetched, after which it is dropped; a request may be fetched again by another replica. */
  left: number;
}

export interface Encoded {
  readonly bytes: Uint8Array;
  /** To be called when nobody will fetch any more. */
  readonly release: () => void;
}

const asBuffer = (data: Uint8Array): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

/**
 * Turns values into NATS messages and back. Large ones are left here and only announced; since the receiver fetches them,
 * it makes no difference which of several replicas took the message, and nobody is flooded.
 */
export class ChunkedMessages {
  private readonly inbox = createInbox();
  private readonly retained = new Map<number, RetainedMessage>();
  private lastId = 0;

  constructor(private readonly connection: NatsConnection) {
    connection.subscribe(this.inbox, {
      callback: (error, message) => {
        if (error !== null) return;
        const { id, chunk } = JSON.parse(asBuffer(message.data).toString()) as ChunkRequest;
        message.respond(this.chunk(id, chunk));
      },
    });
  }

  /**
   * A message that may be fetched until it is released.
   *
   * @throws DomainError when it is larger than {@link MESSAGE_BYTES_MAX}
   */
  encodeRequest(value: unknown): Encoded {
    return this.encode(value, Number.POSITIVE_INFINITY);
  }

  /** A message that has one receiver, who fetches it once; throws as {@link ChunkedMessages.encodeRequest} does. */
  encodeAnswer(value: unknown): Uint8Array {
    return this.encode(value, 1).bytes;
  }

  /** Resolves at once, without a promise, for all but large messages. */
  decode(data: Uint8Array): unknown {
    const value = JSON.parse(asBuffer(data).toString()) as { chunked?: Announcement };
    return value.chunked === undefined ? value : this.fetch(value.chunked);
  }

  private encode(value: unknown, fetches: number): Encoded {
    const bytes = Buffer.from(JSON.stringify(value));
    if (bytes.length <= CHUNK_BYTES_MAX) return { bytes, release: nothingRetained };
    if (bytes.length > MESSAGE_BYTES_MAX) {
      throw new DomainError('invalid', 'bus.message-too-large', `message of ${bytes.length} bytes is too large`);
    }
    this.lastId += 1;
    const id = this.lastId;
    const chunks = Math.ceil(bytes.length / CHUNK_BYTES_MAX);
    const release = (): void => {
      clearTimeout(timer);
      this.retained.delete(id);
    };
    const timer = setTimeout(release, RETENTION_MS).unref();
    this.retained.set(id, { bytes, release, left: chunks * fetches });
    const chunked: Announcement = { inbox: this.inbox, id, chunks };
    return { bytes: Buffer.from(JSON.stringify({ chunked })), release };
  }

  private chunk(id: number, chunk: number): Uint8Array {
    const message = this.retained.get(id);
    if (message === undefined) return new Uint8Array();
    message.left -= 1;
    if (message.left === 0) message.release();
    return message.bytes.subarray(chunk * CHUNK_BYTES_MAX, (chunk + 1) * CHUNK_BYTES_MAX);
  }

  private async fetch({ inbox, id, chunks }: Announcement): Promise<unknown> {
    const fetched: Buffer[] = [];
    for (let first = 0; first < chunks; first += FETCH_CONCURRENCY) {
      const numbers = Array.from({ length: Math.min(FETCH_CONCURRENCY, chunks - first) }, (_, index) => first + index);
      fetched.push(...(await Promise.all(numbers.map((chunk) => this.fetchChunk(inbox, { id, chunk })))));
    }
    return JSON.parse(Buffer.concat(fetched).toString());
  }

  private async fetchChunk(inbox: string, request: ChunkRequest): Promise<Buffer> {
    const { data } = await this.connection.request(inbox, JSON.stringify(request), { timeout: CHUNK_TIMEOUT_MS });
    if (data.length === 0) throw new Error('a large message was dropped by its sender before it was fetched');
    return asBuffer(data);
  }
}

const nothingRetained = (): void => {
  // Small messages are gone when they are sent.
};
