import { hash } from 'node:crypto';
import { type ChainFaultKind, faultBehind, GENESIS } from '../hash-chain.js';
import type { RecordedEvent } from '../ledger.js';
import {
  finish,
  leafHash,
  MemoryNodes,
  type NodeStore,
  pushLeaf,
  rootOf,
  rootOfRange,
  settingLeaves,
} from './merkle-tree.js';

/** An event whatever its position, which an export has none of. */
export type ChainedEvent = Omit<RecordedEvent, 'position'>;

/** How far a stream has come. */
export interface StreamHead {
  /** Streams are numbered in the order of their first events, from 0 on. */
  readonly index: number;
  revision: number;
  /** Of the last event. */
  hash: string;
  /** Events that were added. */
  size: number;
  /** Of the Merkle tree over the hashes of the events. */
  readonly peaks: string[];
}

export interface HeadStore extends NodeStore {
  head(stream: string): StreamHead | undefined;
  putHead(stream: string, head: StreamHead): void;
}

export class MemoryHeads extends MemoryNodes implements HeadStore {
  readonly heads = new Map<string, StreamHead>();

  head(stream: string): StreamHead | undefined {
    return this.heads.get(stream);
  }

  putHead(stream: string, head: StreamHead): void {
    this.heads.set(stream, head);
  }
}

/** What a checkpoint says of the first events of a ledger. */
export interface LedgerSummary {
  readonly events: number;
  readonly streams: number;
  /** Merkle root over the heads of the streams, in the order of their first events. */
  readonly root: string;
  /** {@link nextLog} over the hashes of all events. */
  readonly log: string;
}

export interface TreeState {
  events: number;
  streams: number;
  log: string;
}

/** The order of events between streams is in no other hash. */
const nextLog = (log: string, event: string): string => hash('sha256', log + event);

/** Leaf of an event in the tree of its stream. */
export const eventLeaf = (event: string): string => leafHash(event);

/** Leaf of a stream in the tree of heads: its name is in the hashes of its events. `root` is that of the tree over them. */
export const headLeaf = (revision: number, head: string, root: string): string =>
  leafHash(`${revision}\n${head}\n${root}`);

/**
 * Follows a ledger from its first event on, checks the chains of its streams, and keeps what a checkpoint is made of: a Merkle tree over the
 * events of each stream, one over the heads of all streams, and one hash over everything in its order.
 */
export class LedgerTree {
  /** Since the last {@link flush}. */
  private readonly changed = new Map<string, StreamHead>();

  constructor(
    private readonly store: HeadStore,
    private readonly state: TreeState = { events: 0, streams: 0, log: GENESIS },
    /** Whether an event, told with its number, is known to have other texts than were recorded. */
    private readonly isRewritten: (number: number, event: ChainedEvent) => boolean = () => false,
  ) {}

  get events(): number {
    return this.state.events;
  }

  get streams(): number {
    return this.state.streams;
  }

  get log(): string {
    return this.state.log;
  }

  /** Streams that the next {@link flush} writes. */
  get changedStreams(): number {
    return this.changed.size;
  }

  headOf(stream: string): StreamHead | undefined {
    return this.changed.get(stream) ?? this.store.head(stream);
  }

  /** Adds the next event of the ledger, whether or not it fits; says what is wrong with it. One change is one fault. */
  add(event: ChainedEvent): ChainFaultKind | undefined {
    const { stream, revision } = event;
    const { state } = this;
    const head = this.headOf(stream) ?? { index: state.streams++, revision: -1, hash: GENESIS, size: 0, peaks: [] };
    this.changed.set(stream, head);
    const fault = faultBehind(head, event, () => this.isRewritten(state.events + 1, event));
    pushLeaf(head.peaks, head.size, eventLeaf(event.hash));
    head.size += 1;
    head.revision = revision;
    head.hash = event.hash;
    state.events += 1;
    state.log = nextLog(state.log, event.hash);
    return fault;
  }

  /** Brings the store up to the last event added. Yields where it may be interrupted. */
  *flush(): Generator<void, void, void> {
    const leaves = new Map<number, string>();
    for (const [stream, head] of this.changed) {
      this.store.putHead(stream, head);
      leaves.set(head.index, headLeaf(head.revision, head.hash, rootOf(head.peaks)));
      yield;
    }
    this.changed.clear();
    yield* settingLeaves(this.store, this.state.streams, leaves);
  }

  summary(): LedgerSummary {
    finish(this.flush());
    const { events, streams, log } = this.state;
    return { events, streams, root: rootOfRange(this.store, 0, streams), log };
  }
}
