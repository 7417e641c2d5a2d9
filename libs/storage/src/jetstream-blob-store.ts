import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import {
  AckPolicy,
  DeliverPolicy,
  type JetStreamClient,
  type JetStreamManager,
  type JetStreamPublishOptions,
  JsHeaders,
  type JsMsg,
  jetstream,
} from '@nats-io/jetstream';
import { type ObjectInfo, type ObjectStore, Objm } from '@nats-io/obj';
import { errors, headers, type MsgHdrs, type NatsConnection, nanos, nuid } from '@nats-io/transport-node';
import { CannotStart } from '#platform/cannot-start.js';
import { DomainError } from '#platform/domain-error.js';
import type { Log } from '#platform/logging.js';
import { isClustered, keepCopies, withMostCopies } from './stream-copies.js';
import { isJetStreamMissing } from './jetstream-missing.js';
import { keyOf, nameOf } from './blob-name.js';
import { type BlobContent, BlobStore, hasPrefix, type ListedBlob, piecesOf, type StoredBlob } from './blob-store.js';

/** The bucket of all processes of a Cairn. */
export const BUCKET = 'cairn';

/** Small, so that what waits to be collected as garbage stays small as well. */
const CHUNK_BYTES = 16 * 1024;
/** So many chunks of a blob that is read are in memory at once. */
const CHUNKS_AHEAD_MAX = 8;
const LISTED_AHEAD_MAX = 256;

/** One attempt of a call. */
const ATTEMPT_MS = 2000;
const PAUSE_MS = 100;
/** All attempts of a call. When a server of a cluster dies, the others take up to nine seconds to choose who leads the stream. */
const BROKER_WITHIN_MS = 15_000;

/** After so long without a chunk a reader asks again, as the server that it read from may be gone. */
const NEXT_WITHIN_MS = 5000;
/** Nobody keeps the reader of a text waiting: a pause is the broker's, or the text has been deleted. */
const TEXT_WITHIN_MS = 1500;
/** The broker forgets a reader that has asked for nothing for so long: it died, or its client takes nothing any more. */
const READER_IDLE_MS = 5 * 60 * 1000;

const DIGEST_TYPE = 'SHA-256=';

/** Start-up ends with this message. */
export class JetStreamRequired extends CannotStart {
  override readonly name = 'JetStreamRequired';

  constructor(server: string, cause: unknown) {
    super(
      `NATS at ${server} offers no JetStream, where separate processes store logs and files; start nats-server with -js`,
      { cause },
    );
  }
}

export interface BlobStoreOptions {
  readonly bucket?: string;
  /** How many servers of a cluster hold each blob, if there are so many. */
  readonly copies?: number;
  /** How long a call may take. */
  readonly withinMs?: number;
  readonly log: Log;
}

class BlobDeleted extends Error {
  override readonly name = 'BlobDeleted';
}

interface Bounds {
  /** Messages in memory at once. */
  readonly aheadMax: number;
  readonly count?: number;
  /** Only messages behind this one. */
  readonly after?: number;
  /** Without what the messages say. */
  readonly isBare?: boolean;
  /** How long the broker may take for the next ones. */
  readonly withinMs?: number;
}

/** Its readers count the characters. */
const digestOf = (sha256: Buffer): string =>
  `${DIGEST_TYPE}${sha256.toString('base64').replaceAll('+', '-').replaceAll('/', '_')}`;

const hexOf = ({ digest }: ObjectInfo): string =>
  Buffer.from(digest.slice(DIGEST_TYPE.length), 'base64url').toString('hex');

/** As the object store encodes names in subjects. */
const encoded = (name: string): string =>
  Buffer.from(name).toString('base64').replaceAll('+', '-').replaceAll('/', '_');

const isFinal = (error: unknown): boolean =>
  error instanceof errors.PermissionViolationError || error instanceof errors.ClosedConnectionError;

/** One server that answers says what is wrong with it; one that does not is busy. */
const isAnswer = (error: unknown): boolean => !(error instanceof errors.TimeoutError);

/**
 * Tries until the broker has answered or the time is over. While a server is away or the others choose who leads, the broker
 * answers with all kinds of errors.
 *
 * @throws the last error
 */
const persistently = async <Reply>(
  withinMs: number,
  attempt: () => Promise<Reply>,
  endsWith = isFinal,
): Promise<Reply> => {
  const giveUpMs = performance.now() + withinMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (endsWith(error) || performance.now() + PAUSE_MS >= giveUpMs) throw error;
    }
    await delay(PAUSE_MS);
  }
};

/** What goes wrong at the broker passes, so that clients are to try again. */
const unavailable = (error: unknown): DomainError => {
  const cause = error instanceof Error ? error.message : String(error);
  return new DomainError('unavailable', 'blobs.broker', 'The store of logs and files does not answer', { cause });
};

/** Names the chunks to those who do not read the note. */
const CHUNKS_HEADER = 'Cairn-Chunks';

/** Replaces what was said of the object before. */
const replacing = (chunks: string): MsgHdrs => {
  const replacement = headers();
  replacement.set(JsHeaders.RollupHdr, JsHeaders.RollupValueSubject);
  replacement.set(CHUNKS_HEADER, chunks);
  return replacement;
};

/** Full chunks and a last one, all in the same memory: each holds until the next is asked for. */
async function* inChunks(content: BlobContent): AsyncGenerator<Uint8Array, void, void> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let filled = 0;
  for await (const piece of piecesOf(content)) {
    for (let at = 0; at < piece.length;) {
      const part = piece.subarray(at, at + CHUNK_BYTES - filled);
      chunk.set(part, filled);
      at += part.length;
      filled += part.length;
      if (filled < CHUNK_BYTES) continue;
      yield chunk;
      filled = 0;
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}

/** Blobs in an object store of JetStream, for processes that share a broker but no disk. */
export class JetStreamBlobStore extends BlobStore {
  private readonly stream: string;
  /** Under these the object store keeps what it knows of its objects. */
  private readonly notes: string;
  /** Under these are the bytes. */
  private readonly chunks: string;

  private constructor(
    private readonly client: JetStreamClient,
    private readonly manager: JetStreamManager,
    private readonly objects: ObjectStore,
    private readonly bucket: string,
    private readonly withinMs: number,
  ) {
    super();
    this.stream = `OBJ_${bucket}`;
    this.notes = `$O.${bucket}.M`;
    this.chunks = `$O.${bucket}.C`;
  }

  /**
   * The connection stays the caller's, who closes it.
   *
   * @throws JetStreamRequired
   */
  static async open(
    connection: NatsConnection,
    { bucket = BUCKET, copies = 1, withinMs = BROKER_WITHIN_MS, log }: BlobStoreOptions,
  ): Promise<JetStreamBlobStore> {
    const client = jetstream(connection, { timeout: ATTEMPT_MS });
    const wanted = isClustered(connection) ? copies : 1;
    const open = async (): Promise<JetStreamBlobStore> => {
      // An account without JetStream answers here, not at the first blob.
      const manager = await client.jetstreamManager();
      const description = 'Logs, files and large documents of Cairn';
      const objects = await withMostCopies(wanted, (replicas) =>
        new Objm(client).create(bucket, { description, replicas }),
      );
      await keepCopies(connection, manager, { stream: `OBJ_${bucket}`, wanted, log, what: 'logs and large documents' });
      return new JetStreamBlobStore(client, manager, objects, bucket, withinMs);
    };
    try {
      // Servers of a cluster say that there is none while they choose who leads.
      return await persistently(withinMs, open, isClustered(connection) ? isFinal : isAnswer);
    } catch (error) {
      throw isJetStreamMissing(error) ? new JetStreamRequired(connection.getServer(), error) : error;
    }
  }

  /** That which other processes have made, for one that only reads: it may have no right to more. The connection stays the caller's. */
  static async openExisting(
    connection: NatsConnection,
    { bucket = BUCKET, withinMs = BROKER_WITHIN_MS }: Pick<BlobStoreOptions, 'bucket' | 'withinMs'> = {},
  ): Promise<JetStreamBlobStore> {
    const client = jetstream(connection, { timeout: ATTEMPT_MS });
    const manager = await client.jetstreamManager(false);
    return new JetStreamBlobStore(client, manager, await new Objm(client).open(bucket, false), bucket, withinMs);
  }

  override async put(key: string, content: BlobContent): Promise<StoredBlob> {
    const name = nameOf(key);
    const replaced = await this.answered(() => this.objects.info(name));
    const id = nuid.next();
    const stored = await this.write(name, id, content);
    // Should this fail, what was replaced costs space until it is dropped as unfinished.
    if (replaced !== null) await this.purge(`${this.chunks}.${replaced.nuid}`).catch(() => undefined);
    return { key, ...stored };
  }

  override async get(key: string): Promise<Readable | undefined> {
    const info = await this.answered(() => this.objects.info(nameOf(key)));
    if (info === null || info.deleted) return undefined;
    return Readable.from(this.chunksOf(info), { objectMode: false, highWaterMark: CHUNK_BYTES });
  }

  override async getText(key: string): Promise<string | undefined> {
    const info = await this.answered(() => this.objects.info(nameOf(key)));
    if (info === null || info.deleted) return undefined;
    const chunks: Uint8Array[] = [];
    try {
      for await (const chunk of this.chunksOf(info, TEXT_WITHIN_MS)) chunks.push(chunk);
    } catch (error) {
      if (error instanceof BlobDeleted) return undefined;
      throw error;
    }
    return Buffer.concat(chunks).toString();
  }

  /** Whether a blob that was found has been deleted or replaced since. */
  private async isGone({ name, nuid: id }: ObjectInfo): Promise<boolean> {
    const now = await this.answered(() => this.objects.info(name));
    return now === null || now.deleted || now.nuid !== id;
  }

  override async delete(key: string): Promise<void> {
    const name = nameOf(key);
    await this.answered(() => this.objects.delete(name));
    // Otherwise a note on each blob that ever was would stay for good.
    await this.purge(`${this.notes}.${encoded(name)}`);
  }

  override async *list(...prefixes: readonly string[]): AsyncGenerator<ListedBlob, void, void> {
    for await (const message of this.messages(`${this.notes}.>`, { aheadMax: LISTED_AHEAD_MAX })) {
      const { name, mtime, deleted } = message.json<ObjectInfo>();
      const key = keyOf(name);
      if (deleted || !hasPrefix(key, prefixes)) continue;
      yield { key, storedMs: Date.parse(mtime) };
    }
  }

  /** Chunks are in the stream before their note: those without one belong to no blob, or not yet. */
  override async dropUnfinished(beforeMs: number): Promise<number> {
    const open = new Map<string, number>();
    for await (const message of this.messages(`$O.${this.bucket}.>`, { aheadMax: LISTED_AHEAD_MAX, isBare: true })) {
      if (message.subject.startsWith(`${this.chunks}.`)) open.set(message.subject, message.time.getTime());
      else open.delete(`${this.chunks}.${await this.chunksNamedBy(message)}`);
    }
    const old = [...open].filter(([, writtenMs]) => writtenMs < beforeMs);
    for (const [subject] of old) await this.purge(subject);
    return old.length;
  }

  /** The object store's own notes, of what is deleted, say it in their text only. */
  private async chunksNamedBy({ headers: said, seq }: JsMsg): Promise<string> {
    const named = said?.get(CHUNKS_HEADER) ?? '';
    if (named !== '') return named;
    return (await this.manager.streams.getMessage(this.stream, { seq }))?.json<ObjectInfo>().nuid ?? '';
  }

  /** The object store's own `put` copies each byte three times and leaves the copies to the garbage collector. */
  private async write(name: string, id: string, content: BlobContent): Promise<Omit<StoredBlob, 'key'>> {
    const subject = `${this.chunks}.${id}`;
    const hash = createHash('sha256');
    let size = 0;
    let chunks = 0;
    try {
      for await (const chunk of inChunks(content)) {
        hash.update(chunk);
        size += chunk.length;
        chunks += 1;
        await this.publish(subject, chunk, { msgID: `${id}.${chunks}` });
      }
      const sha256 = hash.digest();
      const note = {
        ...{ name, bucket: this.bucket, nuid: id, size, chunks, options: { max_chunk_size: CHUNK_BYTES } },
        ...{ description: '', deleted: false, mtime: new Date().toISOString(), digest: digestOf(sha256) },
      };
      await this.publish(`${this.notes}.${encoded(name)}`, JSON.stringify(note), { headers: replacing(id) });
      return { size, sha256: sha256.toString('hex') };
    } catch (error) {
      // Why the content is not stored matters, and not that chunks stay behind. The client does not wait for a broker that is away.
      const cleaned = this.purge(subject).catch(() => undefined);
      if (!(error instanceof DomainError && error.kind === 'unavailable')) await cleaned;
      throw error;
    }
  }

  private async purge(subject: string): Promise<void> {
    await this.answered(() => this.manager.streams.purge(this.stream, { filter: subject }));
  }

  /** With a `msgID` the broker stores a message once, however often it is sent. */
  private async publish(
    subject: string,
    payload: Uint8Array | string,
    options: Partial<JetStreamPublishOptions>,
  ): Promise<void> {
    await this.answered(() => this.client.publish(subject, payload, options));
  }

  /** @throws DomainError kind `unavailable` */
  private async answered<Reply>(attempt: () => Promise<Reply>): Promise<Reply> {
    try {
      return await persistently(this.withinMs, attempt);
    } catch (error) {
      throw unavailable(error);
    }
  }

  /**
   * The object store's own reader takes a blob as fast as the broker gives it, whether anybody wants it or not. When the server
   * that it is read from dies, the rest is read from another.
   */
  private async *chunksOf(info: ObjectInfo, withinMs = NEXT_WITHIN_MS): AsyncGenerator<Uint8Array, void, void> {
    const hash = createHash('sha256');
    let giveUpMs = performance.now() + this.withinMs;
    let [read, after] = [0, 0];
    while (read < info.chunks) {
      const bounds = { aheadMax: CHUNKS_AHEAD_MAX, count: info.chunks - read, after, withinMs };
      let fault: unknown = 'The chunks are not there';
      try {
        for await (const { data, seq } of this.messages(`${this.chunks}.${info.nuid}`, bounds)) {
          hash.update(data);
          read += 1;
          after = seq;
          yield data;
          giveUpMs = performance.now() + this.withinMs;
        }
      } catch (error) {
        fault = error;
      }
      if (read >= info.chunks) break;
      if (await this.isGone(info)) throw new BlobDeleted(`Blob ${info.name} was deleted while it was read`);
      if (performance.now() >= giveUpMs) throw unavailable(fault);
      await delay(PAUSE_MS);
    }
    if (hash.digest('hex') !== hexOf(info)) throw new Error(`Blob ${info.name} is not what was stored`);
  }

  /** The first `count` messages under a subject, by default all that are there now; ends early when they are deleted. */
  private async *messages(
    subject: string,
    { aheadMax, count, after = 0, isBare = false, withinMs = NEXT_WITHIN_MS }: Bounds,
  ): AsyncGenerator<JsMsg, void, void> {
    if (count === 0) return;
    const { name } = await this.manager.consumers.add(this.stream, {
      filter_subject: subject,
      ...(after === 0
        ? { deliver_policy: DeliverPolicy.All }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: after + 1 }),
      ack_policy: AckPolicy.None,
      headers_only: isBare,
      inactive_threshold: nanos(READER_IDLE_MS),
      mem_storage: true,
      num_replicas: 1,
    });
    try {
      const consumer = await this.client.consumers.get(this.stream, name);
      // Chunks are all there before anybody can look for them: of a blob deleted meanwhile none will come.
      const { num_pending: standing } = await consumer.info(true);
      if (count !== undefined && standing < count) return;
      for (let wanted = count ?? standing; wanted > 0;) {
        const asked = Math.min(wanted, aheadMax);
        let got = 0;
        for await (const message of await consumer.fetch({ max_messages: asked, expires: withinMs })) {
          got += 1;
          yield message;
        }
        if (got < asked) return;
        wanted -= got;
      }
    } finally {
      // Should this fail, the broker does it later.
      await this.manager.consumers.delete(this.stream, name).catch(() => undefined);
    }
  }
}
