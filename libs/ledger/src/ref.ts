import { createHash } from 'node:crypto';

export type Dialect = 'iceprod' | 'panda' | 'torc' | 'cairn';

/** Longest ref in bytes; longer ids are replaced by their hash. */
const REF_BYTES_MAX = 200;

const escapeByte = (character: string): string =>
  [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');

const escapeId = (id: string): string => id.replace(/[^A-Za-z0-9_-]/gu, escapeByte);

/**
 * `<dialect>.<namespace>.<escaped id>`: the one name of an aggregate, used for streams and NATS tokens
 * (design rule: all but `A-Za-z0-9_-` percent-encoded, at most 200 bytes, longer ids hashed).
 */
export const ref = (dialect: Dialect, namespace: string, id: string): string => {
  const beginning = `${dialect}.${escapeId(namespace)}.`;
  // Escaping makes an id longer, never shorter, and takes a while.
  const whole = id.length > REF_BYTES_MAX ? undefined : beginning + escapeId(id);
  if (whole !== undefined && whole.length <= REF_BYTES_MAX) return whole;
  return `${beginning}sha256-${createHash('sha256').update(id).digest('hex')}`;
};

/** The id that a ref ends with as it was before it was escaped. A hash of a long id stays as it is. */
export const unescapedId = (escaped: string): string =>
  // Most ids have nothing to unescape.
  escaped.includes('%') ? decodeURIComponent(escaped) : escaped;

export type StreamCategory =
  'workload' | 'work' | 'worker' | 'site' | 'ranges' | 'user' | 'access' | 'directory' | 'credential';

export const streamName = (category: StreamCategory, aggregateRef: string): string => `${category}-${aggregateRef}`;

/** Ref within a stream's name: `work-iceprod.main.8f1c` names `iceprod.main.8f1c`. */
export const refOfStream = (stream: string): string => stream.slice(stream.indexOf('-') + 1);

/** What the name of a stream says: `work-iceprod.main.8f1c`. */
export interface StreamParts {
  readonly category: StreamCategory;
  readonly dialect: Dialect;
  readonly namespace: string;
  /** Escaped, or a hash of a long id. */
  readonly id: string;
  /** `iceprod.main.8f1c` */
  readonly ref: string;
}

/** @param stream made by {@link streamName} */
export const partsOfStream = (stream: string): StreamParts => {
  const aggregateRef = refOfStream(stream);
  const [dialect = '', namespace = '', id = ''] = aggregateRef.split('.', 3);
  const category = stream.slice(0, stream.indexOf('-'));
  return { category: category as StreamCategory, dialect: dialect as Dialect, namespace, id, ref: aggregateRef };
};
