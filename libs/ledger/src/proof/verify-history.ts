import {
  CHECKPOINT_SIGNED,
  CHECKPOINTS_STREAM,
  isSignatureGood,
  previousFor,
  type SignedCheckpoint,
} from './checkpoint.js';
import type { ChainFaultKind } from '../hash-chain.js';
import { countIn, Rewrites } from '../rewrite/rewrites.js';
import type { EventSource } from './event-source.js';
import { headLeaf, LedgerTree, MemoryHeads } from './ledger-tree.js';
import { pushLeaf, rootOf } from './merkle-tree.js';
import {
  checkpointHead,
  type CheckpointFile,
  type CheckpointHead,
  ProofFileInvalid,
  readCheckpoint,
} from './proof-files.js';

/** A checkpoint, told by its number. `own`: the ledger itself records it. */
interface OfCheckpoint {
  readonly checkpoint: number;
  readonly own: boolean;
}

/** The last event of a stream. */
export type StreamEnd = Pick<CheckpointHead, 'revision' | 'hash'>;

/** A stream that is not what a checkpoint says of it. */
export interface StreamDifference {
  readonly stream: string;
  readonly expected: StreamEnd;
  /** The event that is there instead, or the last one if the stream ends before; absent when there is no such stream. */
  readonly found?: StreamEnd;
}

/** Something that does not fit. Events are told by their number in the order of the ledger, from 1 on. */
export type HistoryFault =
  | { readonly kind: 'unreadable'; readonly reason: string }
  | { readonly kind: ChainFaultKind; readonly number: number; readonly stream: string; readonly revision: number }
  /** So many records of rewritten events are not signed, or not by a key that is trusted. */
  | { readonly kind: 'rewrite'; readonly records: number }
  /** A checkpoint was changed, or signed by another key than it says. */
  | (OfCheckpoint & { readonly kind: 'signature' })
  /** None of the keys that are trusted has signed it. */
  | (OfCheckpoint & { readonly kind: 'key'; readonly key: string })
  /** It does not follow the checkpoint before it, or cannot be read at all. */
  | (OfCheckpoint & { readonly kind: 'order' })
  /** Its heads do not have the root that was signed. */
  | (OfCheckpoint & { readonly kind: 'heads' })
  /** The ledger ends before the last event that it covers; the first that is missing is `number`. */
  | (OfCheckpoint & {
      readonly kind: 'missing';
      readonly number: number;
      readonly events: number;
      readonly streams?: readonly StreamDifference[];
    })
  /** Of the events that it covers, something in `from`...`to` was changed, removed, added or put elsewhere. */
  | (OfCheckpoint & {
      readonly kind: 'changed';
      readonly from: number;
      readonly to: number;
      readonly streams?: readonly StreamDifference[];
    });

export interface HistoryReport {
  readonly events: number;
  readonly streams: number;
  /** Checkpoints that fit, of the ledger and of those that were given. */
  readonly checkpoints: number;
  /** Ids of the keys that have signed them, and the records of rewritten events. */
  readonly keys: readonly string[];
  /** The records of names that were replaced, and in how many events. */
  readonly rewrites: readonly { readonly pseudonym: string; readonly events: number }[];
  /** The first that do not fit, chains and checkpoints in the order of the ledger. */
  readonly faults: readonly HistoryFault[];
}

/** Of what cannot be read. */
export const unreadable = (reasons: readonly string[]): HistoryReport => ({
  events: 0,
  streams: 0,
  checkpoints: 0,
  keys: [],
  rewrites: [],
  faults: reasons.map((reason) => ({ kind: 'unreadable', reason })),
});

/** More faults than this say nothing new. */
const FAULTS_MAX = 1000;

export interface VerifyOptions {
  /** Kept elsewhere: without any, it is not noticed when the newest events are removed, or everything is made anew. */
  readonly checkpoints?: readonly CheckpointFile[];
  /** Public keys (`x`) that are trusted; without it, whatever keys the checkpoints name. */
  readonly keys?: readonly string[];
  /** Called after each slice with the number of events so far. */
  readonly onProgress?: (events: number) => void;
}

interface Expected extends OfCheckpoint {
  readonly file: Omit<CheckpointFile, 'format'>;
}

/** Compares a ledger with its chains and with checkpoints, in one pass. */
class HistoryVerifier {
  private readonly faults: HistoryFault[] = [];
  private readonly store = new MemoryHeads();
  private tree = new LedgerTree(this.store);
  /** In the order of the events that they cover. */
  private expected: readonly Expected[] = [];
  private compared = 0;
  /** Signatures of checkpoints that fit: whoever gives one that the ledger holds gives no other. */
  private readonly good = new Set<string>();
  private readonly keys = new Set<string>();
  /** Events up to here are those that a checkpoint has seen. */
  private known = 0;
  private isChanged = false;
  /** Faults, by their places, of which the heads tell what streams they are about. */
  private readonly told = new Map<number, readonly CheckpointHead[]>();

  constructor(private readonly options: VerifyOptions) {}

  async verify(source: EventSource): Promise<HistoryReport> {
    const { checkpoints = [], keys, onProgress } = this.options;
    const rewrites = await Rewrites.in(source, keys);
    if (rewrites.refused > 0) this.fault({ kind: 'rewrite', records: rewrites.refused });
    this.tree = new LedgerTree(this.store, undefined, rewrites.isRewritten);
    const own = (await this.ownCheckpoints(source)).map((checkpoint) => ({ file: { checkpoint }, own: true }));
    const given = checkpoints.map((file) => ({ file, own: false }));
    this.expected = [...own, ...given]
      .map((each) => ({ ...each, checkpoint: each.file.checkpoint.number }))
      .filter((each) => this.isGenuine(each))
      .sort((a, b) => a.file.checkpoint.events - b.file.checkpoint.events);
    this.compare();
    for await (const events of source.all()) {
      for (const event of events) {
        const kind = this.tree.add(event);
        const { stream, revision } = event;
        if (kind !== undefined) this.fault({ kind, number: this.tree.events, stream, revision });
        this.compare();
      }
      onProgress?.(this.tree.events);
    }
    for (const each of this.expected.slice(this.compared)) this.miss(each);
    for (const [place, heads] of this.told) this.tell(place, await differences(source, heads));
    const { events, streams } = this.tree;
    return {
      ...{ events, streams, checkpoints: this.good.size, faults: this.faults },
      keys: [...new Set([...this.keys, ...rewrites.keys])],
      rewrites: rewrites.records.map(({ pseudonym, events: ranges }) => ({ pseudonym, events: countIn(ranges) })),
    };
  }

  /** The checkpoints that the ledger holds, which must follow each other. */
  private async ownCheckpoints(source: EventSource): Promise<readonly SignedCheckpoint[]> {
    const found: SignedCheckpoint[] = [];
    for await (const events of source.ofStream(CHECKPOINTS_STREAM)) {
      for (const { type, data } of events) {
        if (type !== CHECKPOINT_SIGNED) continue;
        const checkpoint = readOrNothing(data);
        const last = found.at(-1);
        const follows =
          checkpoint !== undefined &&
          checkpoint.number === (last?.number ?? 0) + 1 &&
          checkpoint.previous === previousFor(last);
        if (!follows) this.fault({ kind: 'order', checkpoint: (last?.number ?? 0) + 1, own: true });
        if (checkpoint !== undefined) found.push(checkpoint);
      }
    }
    return found;
  }

  private isGenuine({ file: { checkpoint, heads }, own }: Expected): boolean {
    const about = { checkpoint: checkpoint.number, own };
    const { keys } = this.options;
    if (!isSignatureGood(checkpoint)) this.fault({ kind: 'signature', ...about });
    else if (keys !== undefined && !keys.includes(checkpoint.public_key)) {
      this.fault({ kind: 'key', ...about, key: checkpoint.key });
    } else if (heads !== undefined && rootOfHeads(heads) !== checkpoint.root) this.fault({ kind: 'heads', ...about });
    else return true;
    return false;
  }

  /** Compares the checkpoints that cover as many events as there are so far. */
  private compare(): void {
    for (let next = this.expected[this.compared]; next !== undefined; next = this.expected[this.compared]) {
      if (next.file.checkpoint.events !== this.tree.events) return;
      this.compared += 1;
      this.compareWith(next);
    }
  }

  private compareWith({ file: { checkpoint, heads }, own }: Expected): void {
    const found = this.tree.summary();
    const { events, root, log, streams, key, signature } = checkpoint;
    if (found.root === root && found.log === log && found.streams === streams) {
      this.good.add(signature);
      this.keys.add(key);
      this.known = events;
      return;
    }
    // Every later checkpoint differs as well, which says nothing new; heads do.
    if (this.isChanged && heads === undefined) return;
    this.isChanged = true;
    const about = { checkpoint: checkpoint.number, own };
    this.fault({ kind: 'changed', ...about, from: Math.min(this.known + 1, events), to: events }, heads);
  }

  private miss({ file: { checkpoint, heads }, own }: Expected): void {
    const about = { checkpoint: checkpoint.number, own };
    const { events } = this.tree;
    this.fault({ kind: 'missing', ...about, number: events + 1, events: checkpoint.events - events }, heads);
  }

  private fault(fault: HistoryFault, heads?: readonly CheckpointHead[]): void {
    if (this.faults.length >= FAULTS_MAX) return;
    if (heads !== undefined) this.told.set(this.faults.length, heads);
    this.faults.push(fault);
  }

  private tell(place: number, streams: readonly StreamDifference[]): void {
    const fault = this.faults[place];
    if (fault?.kind === 'missing' || fault?.kind === 'changed') this.faults[place] = { ...fault, streams };
  }
}

/** Of streams that are not as a checkpoint knows them: what the ledger has where the checkpoint saw their ends. */
const differences = async (
  source: EventSource,
  heads: readonly CheckpointHead[],
): Promise<readonly StreamDifference[]> => {
  const expected = new Map(heads.map((head) => [head.stream, head]));
  const tree = new LedgerTree(new MemoryHeads());
  for await (const events of source.all()) {
    for (const event of events) {
      const head = expected.get(event.stream);
      if (head === undefined || (tree.headOf(event.stream)?.revision ?? -1) >= head.revision) continue;
      tree.add(event);
    }
  }
  const differing: StreamDifference[] = [];
  for (const head of heads) {
    const { stream } = head;
    const own = tree.headOf(stream);
    if (own !== undefined && checkpointHead(stream, own).root === head.root) continue;
    differing.push({ stream, expected: endOf(head), ...(own && { found: endOf(own) }) });
    if (differing.length >= FAULTS_MAX) break;
  }
  return differing;
};

const endOf = ({ revision, hash }: StreamEnd): StreamEnd => ({ revision, hash });

const readOrNothing = (data: string): SignedCheckpoint | undefined => {
  try {
    return readCheckpoint(data);
  } catch (error) {
    if (error instanceof ProofFileInvalid) return undefined;
    throw error;
  }
};

const rootOfHeads = (heads: readonly CheckpointHead[]): string => {
  const peaks: string[] = [];
  for (const [index, { revision, hash, root }] of heads.entries()) {
    pushLeaf(peaks, index, headLeaf(revision, hash, root));
  }
  return rootOf(peaks);
};

/**
 * Checks the chains of all streams, and the checkpoints that the ledger holds and that are given. Holds the heads of all streams in memory,
 * some hundred bytes each.
 */
export const verifyHistory = (source: EventSource, options: VerifyOptions = {}): Promise<HistoryReport> =>
  new HistoryVerifier(options).verify(source);
