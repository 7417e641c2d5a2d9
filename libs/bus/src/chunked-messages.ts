import { createHash } from 'node:crypto';
import { type NatsConnection, nuid } from '@nats-io/transport-node';
import { DomainError } from '#platform/domain-error.js';
import type { ProcessName } from './contract.js';

/** A message up to this size is sent as it is; NATS refuses more than 1 MiB. */
export const CHUNK_BYTES_MAX = 512 * 1024;

/** No single message is larger: room for the largest HTTP body with all its quotes escaped. */
const MESSAGE_BYTES_MAX = 256 * 1024 * 1024;

/** What is not fetched within this time is dropped. */
const RETENTION_MS = 60_000;

/** Chunks that are fetched at the same time. */
const FETCH_CONCURRENCY = 4;
const CHUNK_TIMEOUT_MS = 5000;

/** Processes fetch chunks from each other under these subjects. */
export const chunkSubjects = (name: ProcessName): string => `cairn.chunks.${name}`;

/** Sent in place of a large message: the receiver fetches the chunks itself, at its own pace, from the sender. */
interface Announcement {
  readonly inbox: string;
  /** Cannot be guessed, so that only the receiver of the announcement fetches the message. */
  readonly id: string;
  readonly chunks: number;
  /** Of the whole message, as chunks have no code of their own. */
  readonly sha256: string;
}

interface ChunkRequest {
  readonly id: string;
  readonly chunk: number;
}

interface RetainedMessage {
  readonly bytes: Buffer;
  readonly release: () => void;
  /** Chunks still to be fetched, after which it is dropped; a request may be fetched again by another replica. */
  left: number;
}

/** A large message that waits here to be fetched. */
export interface Announced {
  readonly announcement: Buffer;
  /** To be called when nobody will fetch any more. */
  readonly release: () => void;
}

/** The same memory. */
export const asBuffer = (data: Uint8Array): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('base64url');

/**
 * Large messages are kept here and only announced. Since the receiver fetches them, it makes no difference which of several
 * replicas took the message, and nobody is flooded.
 */
export class ChunkedMessages {
  private readonly inbox: string;
  private readonly retained = new Map<string, RetainedMessage>();

  constructor(
    private readonly connection: NatsConnection,
    name: ProcessName,
  ) {
    this.inbox = `${chunkSubjects(name)}.${nuid.next()}`;
    connection.subscribe(this.inbox, {
      callback: (error, message) => {
        if (error !== null) return;
        const { id, chunk } = JSON.parse(asBuffer(message.data).toString()) as ChunkRequest;
        message.respond(this.chunk(id, chunk));
      },
    });
  }

  /**
   * Keeps a message until it is released or has been fetched `fetches` times.
   *
   * @throws DomainError when it is larger than {@link MESSAGE_BYTES_MAX}
   */
  announce(bytes: Buffer, fetches: number): Announced {
    if (bytes.length > MESSAGE_BYTES_MAX) {
      throw new DomainError('invalid', 'bus.message-too-large', `message of ${bytes.length} bytes is too large`);
    }
    const id = nuid.next();
    const chunks = Math.ceil(bytes.length / CHUNK_BYTES_MAX);
    const release = (): void => {
      clearTimeout(timer);
      this.retained.delete(id);
    };
    const timer = setTimeout(release, RETENTION_MS).unref();
    this.retained.set(id, { bytes, release, left: chunks * fetches });
    const announcement: Announcement = { inbox: this.inbox, id, chunks, sha256: digestOf(bytes) };
    return { announcement: Buffer.from(JSON.stringify(announcement)), release };
  }

  /** Resolves with the message that was announced. */
  async fetch(announcement: Buffer): Promise<Buffer> {
    const { inbox, id, chunks, sha256 } = JSON.parse(announcement.toString()) as Announcement;
    const fetched: Buffer[] = [];
    for (let first = 0; first < chunks; first += FETCH_CONCURRENCY) {
      const numbers = Array.from({ length: Math.min(FETCH_CONCURRENCY, chunks - first) }, (_, index) => first + index);
      fetched.push(...(await Promise.all(numbers.map((chunk) => this.fetchChunk(inbox, { id, chunk })))));
    }
    const bytes = Buffer.concat(fetched);
    if (digestOf(bytes) !== sha256) throw new Error('a large message is not the one that its sender announced');
    return bytes;
  }

  private chunk(id: string, chunk: number): Uint8Array {
    const message = this.retained.get(id);
    if (message === undefined) return new Uint8Array();
    message.left -= 1;
    if (message.left === 0) message.release();
    return message.bytes.subarray(chunk * CHUNK_BYTES_MAX, (chunk + 1) * CHUNK_BYTES_MAX);
  }

  private async fetchChunk(inbox: string, request: ChunkRequest): Promise<Buffer> {
    const { data } = await this.connection.request(inbox, JSON.stringify(request), { timeout: CHUNK_TIMEOUT_MS });
    if (data.length === 0) throw new Error('a large message was dropped by its sender before it was fetched');
    return asBuffer(data);
  }
}
