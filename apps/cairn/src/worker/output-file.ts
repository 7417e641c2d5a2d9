import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const LAST_BYTES = 4_096;

/**
 * Keeps the end of a stream in a file. While it is written, there are two files of at most `bytesMax` bytes each;
 * at the end they are merged.
 *
 * It never fails: a process must not hang because its output cannot be kept. {@link failure} says what went wrong.
 */
export class OutputFile extends Writable {
  private file: FileHandle | undefined;
  private size = 0;
  private total = 0;
  private lastBytes = Buffer.alloc(0);
  private error: Error | undefined;

  constructor(
    readonly path: string,
    private readonly bytesMax: number,
  ) {
    super({ decodeStrings: true });
  }

  /** Why output is missing. */
  get failure(): string | undefined {
    return this.error?.message;
  }

  /** Whether there is anything in it. */
  get hasFile(): boolean {
    return this.size > 0;
  }

  /** The end of the output, without trailing blanks. */
  lastWords(charactersMax: number): string {
    return this.lastBytes.toString().trimEnd().slice(-charactersMax);
  }

  private get previous(): string {
    return `${this.path}.previous`;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.append(chunk)
      .catch((error: unknown) => {
        this.error ??= error as Error;
      })
      .then(done, done);
  }

  override _final(done: () => void): void {
    this.complete()
      .catch((error: unknown) => {
        this.error ??= error as Error;
      })
      .then(done, done);
  }

  private async append(chunk: Buffer): Promise<void> {
    this.total += chunk.length;
    this.lastBytes = Buffer.concat([this.lastBytes, chunk.subarray(-LAST_BYTES)]).subarray(-LAST_BYTES);
    if (this.bytesMax === 0) return;
    const kept = chunk.length > this.bytesMax ? chunk.subarray(-this.bytesMax) : chunk;
    if (this.size > 0 && this.size + kept.length > this.bytesMax) {
      await this.file?.close();
      this.file = undefined;
      await rename(this.path, this.previous);
      this.size = 0;
    }
    this.file ??= await open(this.path, 'w');
    await this.file.appendFile(kept);
    this.size += kept.length;
  }

  /** Merges the two files, with a first line that says how much is missing. */
  private async complete(): Promise<void> {
    await this.file?.close();
    if (this.total <= this.size) return;
    if (this.bytesMax === 0) return;
    const older = await stat(this.previous).catch(() => undefined);
    const room = Math.min(this.bytesMax - this.size, older?.size ?? 0);
    const missing = this.total - this.size - room;
    const whole = `${this.path}.whole`;
    await writeFile(whole, missing > 0 ? `[the first ${String(missing)} bytes are not kept]\n` : '');
    const append = async (file: string, start: number): Promise<void> => {
      const target = await open(whole, 'a');
      await pipeline(createReadStream(file, { start }), target.createWriteStream());
    };
    if (older !== undefined && room > 0) await append(this.previous, older.size - room);
    await append(this.path, 0);
    await rename(whole, this.path);
    await rm(this.previous, { force: true });
  }
}
