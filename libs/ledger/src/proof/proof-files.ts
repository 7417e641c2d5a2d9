import { isObject, type JsonMembers, valueIn } from '#platform/json-object.js';
import type { Checkpoint, SignedCheckpoint } from './checkpoint.js';
import type { ChainedEvent, StreamHead } from './ledger-tree.js';
import { rootOf } from './merkle-tree.js';

/** The head of a stream as a checkpoint knows it. */
export interface CheckpointHead {
  readonly stream: string;
  readonly revision: number;
  /** Of the last event. */
  readonly hash: string;
  /** Merkle root over the hashes of the stream's events. */
  readonly root: string;
}

export const checkpointHead = (stream: string, { revision, hash, peaks }: StreamHead): CheckpointHead => ({
  stream,
  revision,
  hash,
  root: rootOf(peaks),
});

/** A checkpoint as a file of its own. With the heads, which the root is made of, what is missing can be named. */
export interface CheckpointFile {
  readonly format: typeof CHECKPOINT_FORMAT;
  readonly checkpoint: SignedCheckpoint;
  /** In the order of the streams' first events. */
  readonly heads?: readonly CheckpointHead[];
}
export const CHECKPOINT_FORMAT = 'cairn checkpoint 1';

/** Shows that an event is one of those that a checkpoint covers. */
export interface EventProof {
  readonly format: typeof PROOF_FORMAT;
  readonly event: ChainedEvent;
  /** Only of an event whose texts were replaced: its number in the ledger, and the text of the record (`SignedRewrite`) that says so. */
  readonly rewritten?: { readonly number: number; readonly record: string };
  /** Hash of the event before it in its stream. */
  readonly previous: string;
  /** From the event to the root over its stream. */
  readonly event_path: readonly string[];
  /** Of its stream, at the checkpoint. */
  readonly head: CheckpointHead;
  /** Place of the stream among all streams. */
  readonly head_index: number;
  /** From the head to the root that is signed. */
  readonly head_path: readonly string[];
  readonly checkpoint: SignedCheckpoint;
}
export const PROOF_FORMAT = 'cairn event proof 1';

/** A file is not what it should be; the message says where and what was expected. */
export class ProofFileInvalid extends Error {
  override readonly name = 'ProofFileInvalid';
}

/** Takes members out of parsed JSON, each of the kind that it should be. */
class MemberReader {
  constructor(
    private readonly members: JsonMembers,
    private readonly path: string,
  ) {}

  static of(value: unknown, path: string): MemberReader {
    if (!isObject(value)) throw new ProofFileInvalid(`${path === '' ? 'the file' : path} should be an object`);
    return new MemberReader(value, path === '' ? '' : `${path}.`);
  }

  object(name: string): MemberReader {
    return MemberReader.of(this.members[name], this.path + name);
  }

  has(name: string): boolean {
    return this.members[name] !== undefined;
  }

  text(name: string, form: RegExp, expected: string): string {
    const value = this.members[name];
    if (typeof value === 'string' && form.test(value)) return value;
    throw new ProofFileInvalid(`${this.path}${name} should be ${expected}`);
  }

  line(name: string): string {
    return this.text(name, /^.+$/, 'one line of text');
  }

  anyText(name: string): string {
    return this.text(name, /^/, 'a text');
  }

  hash(name: string): string {
    return this.text(name, HASH, 'a SHA-256 in hex');
  }

  count(name: string): number {
    const value = this.members[name];
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    throw new ProofFileInvalid(`${this.path}${name} should be a whole number from 0 on`);
  }

  list(name: string): readonly unknown[] {
    const value = this.members[name];
    if (Array.isArray(value)) return value;
    throw new ProofFileInvalid(`${this.path}${name} should be a list`);
  }

  hashes(name: string): readonly string[] {
    return this.list(name).map((value) => {
      if (typeof value === 'string' && HASH.test(value)) return value;
      throw new ProofFileInvalid(`${this.path}${name} should list SHA-256 hashes in hex`);
    });
  }
}

const HASH = /^[0-9a-f]{64}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

const checkpointIn = (members: MemberReader): SignedCheckpoint => ({
  ...({
    number: members.count('number'),
    events: members.count('events'),
    streams: members.count('streams'),
    root: members.hash('root'),
    log: members.hash('log'),
    previous: members.hash('previous'),
    time: members.text('time', TIME, 'a time such as 2026-01-31T12:00:00.000000Z'),
    key: members.line('key'),
  } satisfies Checkpoint),
  public_key: members.line('public_key'),
  signature: members.line('signature'),
});

const headIn = (members: MemberReader): CheckpointHead => ({
  stream: members.line('stream'),
  revision: members.count('revision'),
  hash: members.hash('hash'),
  root: members.hash('root'),
});

const eventIn = (members: MemberReader): ChainedEvent => ({
  stream: members.line('stream'),
  revision: members.count('revision'),
  id: members.line('id'),
  type: members.line('type'),
  data: members.anyText('data'),
  metadata: members.anyText('metadata'),
  hash: members.hash('hash'),
});

const rewrittenIn = (members: MemberReader): EventProof['rewritten'] & {} => ({
  number: members.count('number'),
  record: members.anyText('record'),
});

const parsed = (text: string): unknown => {
  const value = valueIn(text);
  if (value === undefined) throw new ProofFileInvalid('the file should be JSON');
  return value;
};

/**
 * The checkpoint in the data of an event.
 *
 * @throws ProofFileInvalid
 */
export const readCheckpoint = (text: string): SignedCheckpoint => checkpointIn(MemberReader.of(parsed(text), ''));

/** @throws ProofFileInvalid */
export const readCheckpointFile = (text: string): CheckpointFile => {
  const file = MemberReader.of(parsed(text), '');
  file.text('format', new RegExp(`^${CHECKPOINT_FORMAT}$`), `"${CHECKPOINT_FORMAT}"`);
  const heads = file.has('heads')
    ? file.list('heads').map((head, index) => headIn(MemberReader.of(head, `heads[${index}]`)))
    : undefined;
  return { format: CHECKPOINT_FORMAT, checkpoint: checkpointIn(file.object('checkpoint')), ...(heads && { heads }) };
};

/** @throws ProofFileInvalid */
export const readEventProof = (text: string): EventProof => {
  const file = MemberReader.of(parsed(text), '');
  file.text('format', new RegExp(`^${PROOF_FORMAT}$`), `"${PROOF_FORMAT}"`);
  return {
    format: PROOF_FORMAT,
    event: eventIn(file.object('event')),
    ...(file.has('rewritten') && { rewritten: rewrittenIn(file.object('rewritten')) }),
    previous: file.hash('previous'),
    event_path: file.hashes('event_path'),
    head: headIn(file.object('head')),
    head_index: file.count('head_index'),
    head_path: file.hashes('head_path'),
    checkpoint: checkpointIn(file.object('checkpoint')),
  };
};

/**
 * The keys (`x`) in a JWK or a set of them.
 *
 * @throws ProofFileInvalid
 */
export const readPublicKeys = (text: string): readonly string[] => {
  const file = MemberReader.of(parsed(text), '');
  const keys = file.has('keys')
    ? file.list('keys').map((key, index) => MemberReader.of(key, `keys[${index}]`))
    : [file];
  return keys.map((key) => {
    key.text('kty', /^OKP$/, 'OKP');
    key.text('crv', /^Ed25519$/, 'Ed25519');
    return key.line('x');
  });
};
