import { isUtf8 } from 'node:buffer';
import { DomainError } from '#platform/domain-error.js';
import { isObject, type JsonMembers } from '#platform/json-object.js';
import { addressOf } from '#platform/network-client.js';
import { nonFiniteAsNull, nonFiniteIn } from '#contracts/non-finite.js';
import { membersOf } from '#contracts/raw-json.js';
import type { StoredBlob } from '#storage/blob-store.js';
import { pathOf } from '../edge/url-path.js';

/** The request is not what the route asks for; `reason` is the text that the dialect shows. */
export const invalid = (reason: string): DomainError => new DomainError('invalid', 'request.invalid', reason);

interface RequestParts {
  readonly params: unknown;
  /** Path and query as they came. */
  readonly url?: string;
  readonly query: unknown;
  /** Address of the client, as far as trusted proxies tell. */
  readonly ip?: string;
  /** The bytes as they came; anything else counts as no body. */
  readonly body: unknown;
  /** A member of the body that is in the blob store already. */
  readonly upload?: StoredBlob | null;
  readonly dialect?: ParameterRules | null;
}

/** What a dialect declares about query parameters. */
export interface ParameterRules {
  /**
   * Parameters may be members of a JSON body as well; the query string comes first. Elsewhere only the query string
   * has parameters.
   */
  readonly takesParametersFromBody?: true;
}

/**
 * One request as the fields of a route read it. The body is decoded and parsed once, when it is first needed. A member that
 * is a user's document is cut out of the text, so that its numbers stay exact.
 */
export class RequestSource {
  private parsed: { readonly value: unknown } | undefined;
  private decoded: string | undefined;
  private members: ReadonlyMap<string, string> | undefined;
  private isFreeForm: (member: string) => boolean = () => false;

  constructor(private readonly parts: RequestParts) {}

  get upload(): StoredBlob | undefined {
    return this.parts.upload ?? undefined;
  }

  /**
   * Names the members of the body in which `NaN` and the infinities, as Python's `json` writes them, count as `null`, so that no
   * report is lost. Anywhere else they are an error. Call it before the body is read.
   */
  allowNonFinite(isFreeForm: (member: string) => boolean): void {
    this.isFreeForm = isFreeForm;
  }

  path(name: string): string {
    const value = isObject(this.parts.params) ? this.parts.params[name] : undefined;
    return typeof value === 'string' ? value : '';
  }

  /** The rest of the path behind the first `segments` segments, decoded; slashes that belong to a name are kept. */
  rest(segments: number): string {
    const { url = '' } = this.parts;
    const behind = new RegExp(`^(?:/+[^/]+){${segments}}/([^]*)$`).exec(pathOf(url))?.[1] ?? '';
    try {
      return decodeURIComponent(behind);
    } catch {
      throw invalid('path is not valid');
    }
  }

  /**
   * A query parameter, or else a top-level member of the body where the dialect allows that. Of a repeated parameter the
   * last one counts. Blanks around it are dropped, and an empty one counts as absent.
   */
  query(name: string): string | undefined {
    const given = this.givenQuery(name);
    if (given !== undefined) return given.trim() || undefined;
    return this.hasParametersInBody ? textOf(this.object[name]) : undefined;
  }

  /** A query parameter exactly as it was given: not trimmed, perhaps empty. Of a repeated one the last counts. */
  givenQuery(name: string): string | undefined {
    const given = isObject(this.parts.query) ? this.parts.query[name] : undefined;
    const last: unknown = Array.isArray(given) ? given.at(-1) : given;
    return typeof last === 'string' ? last : undefined;
  }

  /** Every value of a query parameter that may be repeated, as given. */
  givenQueries(name: string): readonly string[] {
    const given = isObject(this.parts.query) ? this.parts.query[name] : undefined;
    return [given].flat().filter((value) => typeof value === 'string');
  }

  get queryNames(): readonly string[] {
    return isObject(this.parts.query) ? Object.keys(this.parts.query) : [];
  }

  /** As {@link query}: whether the parameter is present, even if it is empty. */
  has(name: string): boolean {
    if (isObject(this.parts.query) && this.parts.query[name] !== undefined) return true;
    return this.hasParametersInBody && this.object[name] !== undefined;
  }

  /** Address of the client, as far as trusted proxies tell. */
  get address(): string {
    return addressOf(this.parts.ip ?? '');
  }

  /** Path without query, as the router saw it. */
  get pathText(): string {
    return pathOf(this.parts.url ?? '');
  }

  /** The bytes of the body; none when there is no body. */
  get bytes(): Uint8Array {
    return Buffer.isBuffer(this.parts.body) ? this.parts.body : Buffer.alloc(0);
  }

  /** The body as text, unparsed; `{}` when there is none. */
  get rawBody(): string {
    return this.text;
  }

  get object(): JsonMembers {
    return this.requireObject();
  }

  /** @throws DomainError kind `invalid` when the body is anything but an object */
  requireObject(): JsonMembers {
    const { value } = this;
    if (!isObject(value)) throw invalid('body is not a JSON object');
    return value;
  }

  /** The body of any type. Few routes take anything but an object. */
  get value(): unknown {
    return (this.parsed ??= { value: this.parse() }).value;
  }

  /** The text of {@link object} as it was sent. */
  get document(): string {
    this.requireObject();
    return this.text;
  }

  /** The text of a member that {@link object} has. */
  raw(name: string): string {
    this.members ??= membersOf(this.document);
    return this.members.get(name) ?? 'null';
  }

  /** A missing body counts as the empty object. */
  private get text(): string {
    return (this.decoded ??= this.decode());
  }

  private get hasParametersInBody(): boolean {
    const { dialect, body } = this.parts;
    return dialect?.takesParametersFromBody === true && Buffer.isBuffer(body) && body.length > 0;
  }

  private decode(): string {
    const { body } = this.parts;
    if (!Buffer.isBuffer(body)) return '{}';
    if (!isUtf8(body)) throw invalid('body is not UTF-8');
    const text = body.toString('utf8');
    return text.trim() === '' ? '{}' : text;
  }

  private parse(): unknown {
    const { text } = this;
    try {
      return JSON.parse(text) as unknown;
    } catch {
      return this.parseNonFinite(text);
    }
  }

  /** Called only for bodies that are not valid JSON: all others are parsed once. */
  private parseNonFinite(text: string): unknown {
    const read = nonFiniteAsNull(text);
    if (read === undefined) throw invalid('body is not valid JSON');
    if (!isObject(read.value)) throw invalid('body is not a JSON object');
    for (const [name, raw] of membersOf(text)) {
      const found = this.isFreeForm(name) ? undefined : nonFiniteIn(raw);
      if (found !== undefined) throw invalid(`key "${name}" must not be ${found}`);
    }
    this.decoded = read.valid;
    return read.value;
  }
}

const scalarText = (value: unknown): string | undefined => {
  if (typeof value === 'string') return value.trim() || undefined;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return undefined;
};

/** A member of a JSON body as the text of a query parameter. */
const textOf = (value: unknown): string | undefined =>
  Array.isArray(value) ? value.map((entry) => scalarText(entry) ?? '').join('|') || undefined : scalarText(value);
