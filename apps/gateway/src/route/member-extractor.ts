import { isUtf8 } from 'node:buffer';
import { invalid } from './request-source.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const SMALL_U = 0x75;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
/** Control characters below must be escaped in strings. */
const BLANK = 0x20;

const SIMPLE_ESCAPES = new Set(Buffer.from('"\\/bfnrt'));
const HEX = new Set(Buffer.from('0123456789abcdefABCDEF'));
const HEX_DIGITS = 4;

/** No route extracts a member with a longer name, escapes included. */
const NAME_BYTES_MAX = 64;

const EMPTY_STRING = Buffer.from('""');
const NO_BYTES = Buffer.alloc(0);

const ASCII_END = 0x80;
/** First bytes of characters of two, three and four bytes begin here. */
const LEADS = [0xc0, 0xe0, 0xf0];

/** How many bytes at the end begin a character without ending it. */
const openBytes = (bytes: Buffer): number => {
  for (let back = 1; back <= LEADS.length; back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < ASCII_END) return 0;
    const length = LEADS.filter((lead) => byte >= lead).length + 1;
    if (length > 1) return length > back ? back : 0;
  }
  return 0;
};

/**
 * Extracts one member's value, a string, from a JSON object that arrives in chunks, without ever holding it: what {@link feed}
 * yields is the string as it was sent, with quotes and escapes. What is left, with the empty string in its place, is for
 * a JSON parser; the string itself is checked here to the letter of JSON.
 */
export class MemberExtractor {
  /** Whether the member was there, as a string. */
  found = false;
  private readonly rest: Buffer[] = [];
  private restBytes = 0;
  /** Bytes of a character that the next chunk ends. */
  private open: Buffer = NO_BYTES;
  private mode: 'outside' | 'name' | 'string' | 'value' = 'outside';
  private depth = 0;
  private expectsName = false;
  private isNamed = false;
  private isWanted = false;
  private isEscaped = false;
  /** Digits of a `\u` escape that are still to come. */
  private digits = 0;
  private name: number[] = [];

  /** @param restBytesMax of everything but the member */
  constructor(
    private readonly member: string,
    private readonly restBytesMax: number,
  ) {}

  /** @throws DomainError kind `invalid` */
  *feed(chunk: Buffer): Generator<Buffer, void, void> {
    this.checkUtf8(chunk);
    let at = 0;
    while (at < chunk.length) {
      const isValue = this.mode === 'value';
      const end = isValue ? this.valueEnd(chunk, at) : this.outsideEnd(chunk, at);
      const part = chunk.subarray(at, end);
      if (isValue) yield part;
      else this.keepRest(part);
      at = end;
    }
  }

  /**
   * The object without the member's content.
   *
   * @throws DomainError kind `invalid`
   */
  end(): Buffer {
    if (this.open.length > 0) throw invalid('body is not UTF-8');
    return Buffer.concat(this.rest);
  }

  private checkUtf8(chunk: Buffer): void {
    const bytes = this.open.length === 0 ? chunk : Buffer.concat([this.open, chunk]);
    const end = bytes.length - openBytes(bytes);
    if (!isUtf8(bytes.subarray(0, end))) throw invalid('body is not UTF-8');
    this.open = end === bytes.length ? NO_BYTES : Buffer.from(bytes.subarray(end));
  }

  private keepRest(part: Buffer): void {
    this.restBytes += part.length;
    if (this.restBytes > this.restBytesMax) throw invalid(`everything but ${this.member} is too large`);
    // Copied: a part would keep the whole chunk.
    if (part.length > 0) this.rest.push(Buffer.from(part));
  }

  /** End of the value's part of the chunk; leaves the value when its last quote is there. */
  private valueEnd(chunk: Buffer, start: number): number {
    for (let at = start; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (this.digits > 0) {
        if (!HEX.has(byte)) throw invalid('body is not valid JSON');
        this.digits -= 1;
      } else if (this.isEscaped) {
        this.isEscaped = false;
        if (byte === SMALL_U) this.digits = HEX_DIGITS;
        else if (!SIMPLE_ESCAPES.has(byte)) throw invalid('body is not valid JSON');
      } else if (byte === BACKSLASH) {
        this.isEscaped = true;
      } else if (byte === QUOTE) {
        if (this.found) {
          this.mode = 'outside';
          this.keepRest(EMPTY_STRING);
          return at + 1;
        }
        this.found = true;
      } else if (byte < BLANK) {
        throw invalid('body is not valid JSON');
      }
    }
    return chunk.length;
  }

  /** End of what comes before the value. */
  private outsideEnd(chunk: Buffer, start: number): number {
    for (let at = start; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (this.mode !== 'outside') this.inString(byte);
      else if (byte === QUOTE && this.isWanted) {
        if (this.found) throw invalid(`${this.member} is given twice`);
        this.mode = 'value';
        this.isWanted = false;
        return at;
      } else this.structure(byte);
    }
    return chunk.length;
  }

  private inString(byte: number): void {
    const isEnd = byte === QUOTE && !this.isEscaped;
    this.isEscaped = byte === BACKSLASH && !this.isEscaped;
    if (!isEnd) {
      if (this.mode === 'name' && this.name.length <= NAME_BYTES_MAX) this.name.push(byte);
      return;
    }
    if (this.mode === 'name') this.isNamed = this.nameText() === this.member;
    this.mode = 'outside';
  }

  private nameText(): string | undefined {
    if (this.name.length > NAME_BYTES_MAX) return undefined;
    try {
      return JSON.parse(`"${Buffer.from(this.name).toString()}"`) as string;
    } catch {
      // The parser of the rest says so.
      return undefined;
    }
  }

  private structure(byte: number): void {
    switch (byte) {
      case QUOTE:
        this.mode = this.depth === 1 && this.expectsName ? 'name' : 'string';
        this.expectsName = false;
        this.name = [];
        return;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        this.depth += 1;
        this.expectsName = this.depth === 1 && byte === OPEN_BRACE;
        this.isWanted = false;
        return;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        this.depth -= 1;
        return;
      case COLON:
        this.isWanted = this.depth === 1 && this.isNamed;
        this.isNamed = false;
        return;
      case COMMA:
        this.isWanted = false;
        this.expectsName = this.depth === 1;
    }
  }
}
