import { Readable } from 'node:stream';
import { HttpError } from '../../edge/request-error.js';
import { bodyChunks } from '../../route/body-chunks.js';
import type { UploadedFile } from './function.js';

const HEAD_BYTES_MAX = 16 * 1024;
/** Of all parts that are no files. */
const FIELDS_BYTES_MAX = 1024 * 1024;
/** More parts than any client sends. */
const PARTS_MAX = 1_000;

const BOUNDARY = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i;
const PARAMETER = /;\s*(name|filename)(\*?)=(?:"((?:[^"\\]|\\.)*)"|([^\s;]*))/gi;

/** Reads bytes up to delimiters, holding no more than a chunk. */
class DelimitedReader {
  private held: Buffer;

  constructor(
    private readonly chunks: AsyncIterator<Buffer>,
    start: Buffer,
  ) {
    this.held = start;
  }

  /**
   * The bytes before the delimiter, which is passed over.
   *
   * @throws HttpError when the body ends before
   */
  async *until(delimiter: Buffer): AsyncGenerator<Buffer, void, void> {
    for (;;) {
      const at = this.held.indexOf(delimiter);
      if (at !== -1) {
        const before = this.held.subarray(0, at);
        this.held = this.held.subarray(at + delimiter.length);
        if (before.length > 0) yield before;
        return;
      }
      // The delimiter may have begun.
      const sure = Math.max(0, this.held.length - delimiter.length + 1);
      const before = this.held.subarray(0, sure);
      this.held = this.held.subarray(sure);
      if (before.length > 0) yield before;
      await this.more();
    }
  }

  /** The bytes before the delimiter, as one text of limited length. */
  async textUntil(delimiter: Buffer, bytesMax: number): Promise<string> {
    const parts: Buffer[] = [];
    let bytes = 0;
    for await (const part of this.until(delimiter)) {
      bytes += part.length;
      if (bytes > bytesMax) throw new HttpError(400, 'a part of the form is too long');
      parts.push(part);
    }
    return Buffer.concat(parts).toString('utf8');
  }

  /** Whether the next bytes are these; they are not passed over. */
  async begins(bytes: Buffer): Promise<boolean> {
    while (this.held.length < bytes.length) await this.more();
    return this.held.subarray(0, bytes.length).equals(bytes);
  }

  private async more(): Promise<void> {
    const next = await this.chunks.next();
    if (next.done === true) throw new HttpError(400, 'body broke off');
    this.held = this.held.length === 0 ? next.value : Buffer.concat([this.held, next.value]);
  }
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** What the head of a part says of it. */
const partOf = (head: string): { readonly name: string; readonly fileName: string | undefined } => {
  const disposition = /^content-disposition:(.*)$/im.exec(head)?.[1] ?? '';
  let [name, fileName]: (string | undefined)[] = [];
  for (const [, key = '', isExtended, inQuotes, bare] of disposition.matchAll(PARAMETER)) {
    const text = inQuotes?.replace(/\\(["\\])/g, '$1') ?? bare ?? '';
    const value = isExtended === '*' ? decoded(text.replace(/^[^']*'[^']*'/, '')) : text;
    if (key.toLowerCase() === 'name') name = value;
    else fileName = value;
  }
  return { name: name ?? '', fileName };
};

/** What a form holds up to its first file, whose content comes as a stream. */
export interface Form {
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly file?: { readonly name: string; readonly file: UploadedFile };
}

/**
 * Reads a form of `multipart/form-data`. What follows a file is not read: clients send nothing behind it.
 *
 * @param contentLength of the request, for {@link UploadedFile}
 * @throws (rejects with) HttpError when the body is no such form
 */
export const readForm = async (stream: Readable, contentType: string, contentLength: number): Promise<Form> => {
  const [, inQuotes, bare] = BOUNDARY.exec(contentType) ?? [];
  const boundary = inQuotes ?? bare;
  if (boundary === undefined) throw new HttpError(400, 'the form names no boundary');
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first boundary may stand at the very start.
  const reader = new DelimitedReader(bodyChunks(stream), Buffer.from('\r\n'));
  const endOfHead = Buffer.from('\r\n\r\n');
  const endOfForm = Buffer.from('--');
  const fields: (readonly [string, string])[] = [];
  let bytesLeft = FIELDS_BYTES_MAX;
  await reader.textUntil(delimiter, HEAD_BYTES_MAX);
  while (!(await reader.begins(endOfForm))) {
    if (fields.length >= PARTS_MAX) throw new HttpError(400, 'the form has too many parts');
    const { name, fileName } = partOf(await reader.textUntil(endOfHead, HEAD_BYTES_MAX));
    if (fileName !== undefined) {
      const content = Readable.from(reader.until(delimiter), { objectMode: false });
      // A handler that does not read it does not hear of a body that breaks off either.
      content.on('error', () => undefined);
      return { fields, file: { name, file: { fileName, contentLength, content } } };
    }
    const value = await reader.textUntil(delimiter, bytesLeft);
    bytesLeft -= Buffer.byteLength(value);
    fields.push([name, value]);
  }
  return { fields };
};
