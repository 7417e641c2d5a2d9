import { eventHash, GENESIS } from '../hash-chain.js';
import { isSignatureGood, type SignedCheckpoint } from './checkpoint.js';
import { doesSeal, readRewrite, Rewrites } from '../rewrite/rewrites.js';
import type { EventSource } from './event-source.js';
import { type ChainedEvent, eventLeaf, headLeaf, LedgerTree, MemoryHeads } from './ledger-tree.js';
import { InclusionPath, inclusionPath, rootFromPath } from './merkle-tree.js';
import {
  checkpointHead,
  type CheckpointFile,
  CHECKPOINT_FORMAT,
  type EventProof,
  PROOF_FORMAT,
} from './proof-files.js';

/** No proof can be made; the message says why. */
export class CannotProve extends Error {
  override readonly name = 'CannotProve';
}

/** The ledger as it was at a checkpoint. */
const treeAt = async (
  source: EventSource,
  checkpoint: SignedCheckpoint,
  onEvent: (event: ChainedEvent) => void,
): Promise<MemoryHeads> => {
  const heads = new MemoryHeads();
  const tree = new LedgerTree(heads);
  reading: for await (const events of source.all()) {
    for (const event of events) {
      if (tree.events === checkpoint.events) break reading;
      onEvent(event);
      tree.add(event);
    }
  }
  const { events, root, log } = tree.summary();
  if (events !== checkpoint.events || root !== checkpoint.root || log !== checkpoint.log) {
    throw new CannotProve(`the history does not fit checkpoint ${checkpoint.number}: verify it`);
  }
  return heads;
};

/**
 * A checkpoint with the heads of all streams that its root is made of.
 *
 * @throws CannotProve when the history is not the one that was signed
 */
export const withHeads = async (source: EventSource, checkpoint: SignedCheckpoint): Promise<CheckpointFile> => {
  const { heads } = await treeAt(source, checkpoint, () => {});
  return {
    format: CHECKPOINT_FORMAT,
    checkpoint,
    heads: [...heads].map(([stream, head]) => checkpointHead(stream, head)),
  };
};

/**
 * Proves that an event is one of those that a checkpoint covers.
 *
 * @throws CannotProve when it is not, or when the history is not the one that was signed
 */
export const proveEvent = async (
  source: EventSource,
  isWanted: (event: ChainedEvent) => boolean,
  checkpoint: SignedCheckpoint,
): Promise<EventProof> => {
  let wanted: ChainedEvent | undefined;
  let [count, number] = [0, 0];
  const heads = await treeAt(source, checkpoint, (event) => {
    count += 1;
    if (wanted !== undefined || !isWanted(event)) return;
    wanted = event;
    number = count;
  });
  if (wanted === undefined) throw new CannotProve(`checkpoint ${checkpoint.number} does not cover the event`);
  const { stream, revision, id, type, data, metadata, hash } = wanted;
  const head = heads.head(stream);
  if (head === undefined) throw new Error(`The tree has no stream ${stream}`);
  const { previous, path } = await placeInStream(source, wanted, head.size);
  const isAsRecorded = eventHash(previous, wanted) === hash;
  const record = isAsRecorded ? undefined : (await Rewrites.in(source)).recordOf(number, wanted);
  return {
    format: PROOF_FORMAT,
    event: { stream, revision, id, type, data, metadata, hash },
    ...(record && { rewritten: { number, record: JSON.stringify(record) } }),
    previous,
    event_path: path,
    head: checkpointHead(stream, head),
    head_index: head.index,
    head_path: inclusionPath(heads, head.index, checkpoint.streams),
    checkpoint,
  };
};

/** The hash before an event, and its path in the tree over the first `size` events of its stream. */
const placeInStream = async (
  source: EventSource,
  { stream, revision }: ChainedEvent,
  size: number,
): Promise<{ readonly previous: string; readonly path: readonly string[] }> => {
  const path = new InclusionPath(revision, size);
  let previous = GENESIS;
  let count = 0;
  reading: for await (const events of source.ofStream(stream)) {
    for (const { hash } of events) {
      if (count === size) break reading;
      if (count === revision - 1) previous = hash;
      path.add(eventLeaf(hash));
      count += 1;
    }
  }
  return { previous, path: path.hashes };
};

/** What is wrong with a proof: the event was changed, it is not in its stream, its stream is not in the checkpoint, or the signature is not good. */
export type ProofFault = 'event' | 'event path' | 'head path' | 'signature' | 'key';

/** Whether the texts of the event are those that a signed record says it has now. */
const isRewritten = ({ event, rewritten }: EventProof, keys?: readonly string[]): boolean => {
  const record = rewritten && readRewrite(rewritten.record);
  if (record === undefined || rewritten === undefined) return false;
  return (keys === undefined || keys.includes(record.public_key)) && doesSeal(record, rewritten.number, event);
};

/**
 * What is wrong with a proof; nothing when it holds. Needs nothing but the proof.
 *
 * @param keys public keys (`x`) that are trusted; without them, the one that the proof names
 */
export const faultOfProof = (proof: EventProof, keys?: readonly string[]): ProofFault | undefined => {
  const { event, previous, event_path, head, head_index, head_path, checkpoint } = proof;
  if (eventHash(previous, event) !== event.hash && !isRewritten(proof, keys)) return 'event';
  if (event.stream !== head.stream) return 'event path';
  const streamRoot = rootFromPath(eventLeaf(event.hash), event.revision, head.revision + 1, event_path);
  if (streamRoot !== head.root) return 'event path';
  const leaf = headLeaf(head.revision, head.hash, head.root);
  if (rootFromPath(leaf, head_index, checkpoint.streams, head_path) !== checkpoint.root) return 'head path';
  if (!isSignatureGood(checkpoint)) return 'signature';
  return keys === undefined || keys.includes(checkpoint.public_key) ? undefined : 'key';
};
