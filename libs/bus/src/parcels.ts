import { createInbox, type NatsConnection } from '@nats-io/transport-node';
import { DomainError } from '#platform/domain-error.js';

/** A message up to this size travels as it is; NATS refuses more than 1 MiB. */
export const PART_BYTES_MAX = 512 * 1024;

/** No single message is larger: room for the largest HTTP body with all its quotes escaped. */
const MESSAGE_BYTES_MAX = 256 * 1024 * 1024;

/** What is not fetched within this time is dropped. */
const HELD_FOR_MS = 60_000;

/** Parts that are under way at the same time. */
const FETCHED_TOGETHER = 4;
const PART_TIMEOUT_MS = 5000;

/** Sent in place of a large message: the receiver fetches the parts itself, at its own pace, from whoever holds them. */
interface Parcel {
  readonly at: string;
  readonly id: number;
  readonly parts: number;
}

interface PartRequest {
  readonly id: number;
  readonly part: number;
}

interface Held {
  readonly bytes: Buffer;
  readonly release: () => void;
  /** Parts still to be fetched, after which it is dropped; a request may be fetched again by another replica. */
  left: number;
}

export interface Packed {
  readonly bytes: Uint8Array;
  /** To be called when nobody will fetch any more. */
  readonly release: () => void;
}

const asBuffer = (data: Uint8Array): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

/**
 * Turns values into NATS messages and back. Large ones are left here and only announced; since the receiver fetches them,
 * it makes no difference which of several replicas took the message, and nobody is flooded.
 */
export class Parcels {
  private readonly at = createInbox();
  private readonly held = new Map<number, Held>();
  private lastId = 0;

  constructor(private readonly connection: NatsConnection) {
    connection.subscribe(this.at, {
      callback: (error, message) => {
        if (error !== null) return;
        const { id, part } = JSON.parse(asBuffer(message.data).toString()) as PartRequest;
        message.respond(this.part(id, part));
      },
    });
  }

  /**
   * A message that may be fetched until it is released.
   *
   * @throws DomainError when it is larger than {@link MESSAGE_BYTES_MAX}
   */
  packRequest(value: unknown): Packed {
    return this.pack(value, Number.POSITIVE_INFINITY);
  }

  /** A message that has one receiver, who fetches it once; throws as {@link Parcels.packRequest} does. */
  packAnswer(value: unknown): Uint8Array {
    return this.pack(value, 1).bytes;
  }

  /** Resolves at once, without a promise, for all but large messages. */
  open(data: Uint8Array): unknown {
    const value = JSON.parse(asBuffer(data).toString()) as { parcel?: Parcel };
    return value.parcel === undefined ? value : this.fetch(value.parcel);
  }

  private pack(value: unknown, fetches: number): Packed {
    const bytes = Buffer.from(JSON.stringify(value));
    if (bytes.length <= PART_BYTES_MAX) return { bytes, release: nothingHeld };
    if (bytes.length > MESSAGE_BYTES_MAX) {
      throw new DomainError('invalid', 'bus.message-too-large', `message of ${bytes.length} bytes is too large`);
    }
    this.lastId += 1;
    const id = this.lastId;
    const parts = Math.ceil(bytes.length / PART_BYTES_MAX);
    const release = (): void => {
      clearTimeout(timer);
      this.held.delete(id);
    };
    const timer = setTimeout(release, HELD_FOR_MS).unref();
    this.held.set(id, { bytes, release, left: parts * fetches });
    const parcel: Parcel = { at: this.at, id, parts };
    return { bytes: Buffer.from(JSON.stringify({ parcel })), release };
  }

  private part(id: number, part: number): Uint8Array {
    const held = this.held.get(id);
    if (held === undefined) return new Uint8Array();
    held.left -= 1;
    if (held.left === 0) held.release();
    return held.bytes.subarray(part * PART_BYTES_MAX, (part + 1) * PART_BYTES_MAX);
  }

  private async fetch({ at, id, parts }: Parcel): Promise<unknown> {
    const fetched: Buffer[] = [];
    for (let first = 0; first < parts; first += FETCHED_TOGETHER) {
      const numbers = Array.from({ length: Math.min(FETCHED_TOGETHER, parts - first) }, (_, index) => first + index);
      fetched.push(...(await Promise.all(numbers.map((part) => this.fetchPart(at, { id, part })))));
    }
    return JSON.parse(Buffer.concat(fetched).toString());
  }

  private async fetchPart(at: string, request: PartRequest): Promise<Buffer> {
    const { data } = await this.connection.request(at, JSON.stringify(request), { timeout: PART_TIMEOUT_MS });
    if (data.length === 0) throw new Error('a large message was dropped by its sender before it was fetched');
    return asBuffer(data);
  }
}

const nothingHeld = (): void => {
  // Small messages are gone when they are sent.
};
