import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  AckPolicy,
  DeliverPolicy,
  type JetStreamClient,
  type JetStreamManager,
  JsHeaders,
  type JsMsg,
  jetstream,
} from '@nats-io/jetstream';
import { type ObjectInfo, type ObjectStore, Objm } from '@nats-io/obj';
import { headers, type MsgHdrs, type NatsConnection, nanos, nuid } from '@nats-io/transport-node';
import { CannotStart } from '#platform/cannot-start.js';
import { DomainError } from '#platform/domain-error.js';
import { keyOf, nameOf } from './blob-name.js';
import { type BlobContent, BlobStore, hasPrefix, type ListedBlob, piecesOf, type StoredBlob } from './blob-store.js';

/** The bucket of all processes of a Cairn. */
export const BUCKET = 'cairn';

/** Small, so that what waits to be collected as garbage stays small as well. */
const CHUNK_BYTES = 16 * 1024;
/** So many chunks of a blob that is read are in memory at once. */
const CHUNKS_AHEAD_MAX = 8;
const LISTED_AHEAD_MAX = 256;

/** A broker that does not go on for so long breaks a reader off. */
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

/** The library throws a class of its own for it, which it does not export. */
const isNotEnabled = (error: unknown): boolean =>
  error instanceof Error && error.name.startsWith('JetStreamNotEnabled');

interface Bounds {
  /** Messages in memory at once. */
  readonly aheadMax: number;
  readonly count?: number;
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

/**
 * Waits for the broker. What goes wrong there passes, so that clients are to try again.
 *
 * @throws DomainError kind `unavailable`
 */
const answered = async <Reply>(reply: Promise<Reply>): Promise<Reply> => {
  try {
    return await reply;
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new DomainError('unavailable', 'blobs.broker', 'The store of logs and files does not answer', { cause });
  }
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
  static async open(connection: NatsConnection, bucket: string = BUCKET): Promise<JetStreamBlobStore> {
    const client = jetstream(connection);
    try {
      // An account without JetStream answers here, not at the first blob.
      const manager = await client.jetstreamManager();
      const objects = await new Objm(client).create(bucket, {
        description: 'Logs, files and large documents of Cairn',
      });
      return new JetStreamBlobStore(client, manager, objects, bucket);
    } catch (error) {
      throw isNotEnabled(error) ? new JetStreamRequired(connection.getServer(), error) : error;
    }
  }

  override async put(key: string, content: BlobContent): Promise<StoredBlob> {
    const name = nameOf(key);
    const replaced = await answered(this.objects.info(name));
    const id = nuid.next();
    const stored = await this.write(name, id, content);
    // Should this fail, what was replaced costs space until it is dropped as unfinished.
    if (replaced !== null) await this.purge(`${this.chunks}.${replaced.nuid}`).catch(() => undefined);
    return { key, ...stored };
  }

  override async get(key: string): Promise<Readable | undefined> {
    const info = await answered(this.objects.info(nameOf(key)));
    if (info === null || info.deleted) return undefined;
    return Readable.from(this.chunksOf(info), { objectMode: false, highWaterMark: CHUNK_BYTES });
  }

  override async getText(key: string): Promise<string | undefined> {
    const info = await answered(this.objects.info(nameOf(key)));
    if (info === null || info.deleted) return undefined;
    const chunks: Uint8Array[] = [];
    try {
      for await (const chunk of this.chunksOf(info, TEXT_WITHIN_MS)) chunks.push(chunk);
    } catch (error) {
      if (await this.isGone(info)) return undefined;
      throw error;
    }
    return Buffer.concat(chunks).toString();
  }

  /** Whether a blob that was found has been deleted or replaced since. */
  private async isGone({ name, nuid: id }: ObjectInfo): Promise<boolean> {
    const now = await answered(this.objects.info(name));
    return now === null || now.deleted || now.nuid !== id;
  }

  override async delete(key: string): Promise<void> {
    const name = nameOf(key);
    await answered(this.objects.delete(name));
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
        await answered(this.client.publish(subject, chunk));
      }
      const sha256 = hash.digest();
      const note = {
        ...{ name, bucket: this.bucket, nuid: id, size, chunks, options: { max_chunk_size: CHUNK_BYTES } },
        ...{ description: '', deleted: false, mtime: new Date().toISOString(), digest: digestOf(sha256) },
      };
      const written = { headers: replacing(id) };
      await answered(this.client.publish(`${this.notes}.${encoded(name)}`, JSON.stringify(note), written));
      return { size, sha256: sha256.toString('hex') };
    } catch (error) {
      // Why the content is not stored matters, and not that chunks stay behind. The client does not wait for a broker that is away.
      const cleaned = this.purge(subject).catch(() => undefined);
      if (!(error instanceof DomainError && error.kind === 'unavailable')) await cleaned;
      throw error;
    }
  }

  private async purge(subject: string): Promise<void> {
    await answered(this.manager.streams.purge(this.stream, { filter: subject }));
  }

  /** The object store's own reader takes a blob as fast as the broker gives it, whether anybody wants it or not. */
  private async *chunksOf(info: ObjectInfo, withinMs = NEXT_WITHIN_MS): AsyncGenerator<Uint8Array, void, void> {
    const hash = createHash('sha256');
    let read = 0;
    const bounds = { aheadMax: CHUNKS_AHEAD_MAX, count: info.chunks, withinMs };
    for await (const { data } of this.messages(`${this.chunks}.${info.nuid}`, bounds)) {
      hash.update(data);
      read += 1;
      yield data;
    }
    if (read < info.chunks) throw new Error(`Blob ${info.name} was deleted while it was read`);
    if (hash.digest('hex') !== hexOf(info)) throw new Error(`Blob ${info.name} is not what was stored`);
  }

  /** The first `count` messages under a subject, by default all that are there now; ends early when they are deleted. */
  private async *messages(
    subject: string,
    { aheadMax, count, isBare = false, withinMs = NEXT_WITHIN_MS }: Bounds,
  ): AsyncGenerator<JsMsg, void, void> {
    if (count === 0) return;
    const { name } = await this.manager.consumers.add(this.stream, {
      filter_subject: subject,
      deliver_policy: DeliverPolicy.All,
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
