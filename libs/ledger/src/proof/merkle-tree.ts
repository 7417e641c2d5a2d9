import { hash } from 'node:crypto';

/**
 * Merkle trees of the shape of RFC 6962: the left part of a tree of n leaves has the largest power of two below n of them. All hashes are
 * SHA-256 in hex, and hashed as such texts, so that everything can be recomputed with `printf` and `sha256sum`.
 */
export const leafHash = (text: string): string => hash('sha256', `\0${text}`);

export const nodeHash = (left: string, right: string): string => hash('sha256', `\x01${left}${right}`);

/** Root of a tree without leaves. */
const EMPTY_ROOT = hash('sha256', '');

/**
 * Adds a leaf to the peaks of a tree: the roots of the complete subtrees that its leaves make up, the largest first.
 *
 * @param size leaves so far
 */
export const pushLeaf = (peaks: string[], size: number, leaf: string): void => {
  let node = leaf;
  for (let rest = size; rest % 2 === 1; rest = (rest - 1) / 2) node = nodeHash(peaks.pop() ?? '', node);
  peaks.push(node);
};

/** Root of a tree, from its peaks. */
export const rootOf = (peaks: readonly string[]): string =>
  peaks.length === 0 ? EMPTY_ROOT : peaks.reduceRight((right, left) => nodeHash(left, right));

/** Keeps the roots of complete subtrees: at level 0 the hashes of leaves, at level n of 2^n leaves each, numbered from the left. */
export interface NodeStore {
  node(level: number, index: number): string;
  putNode(level: number, index: number, node: string): void;
}

export class MemoryNodes implements NodeStore {
  private readonly levels: string[][] = [];

  node(level: number, index: number): string {
    const node = this.levels[level]?.[index];
    if (node === undefined) throw new Error(`The tree has no node ${index} at level ${level}`);
    return node;
  }

  putNode(level: number, index: number, node: string): void {
    (this.levels[level] ??= [])[index] = node;
  }
}

/** Sets leaves, changed ones and new ones at the end, in a tree that then has `size` of them. Yields behind each node. */
export function* settingLeaves(
  nodes: NodeStore,
  size: number,
  leaves: ReadonlyMap<number, string>,
): Generator<void, void, void> {
  for (const [index, leaf] of leaves) {
    nodes.putNode(0, index, leaf);
    yield;
  }
  let changed = new Set(leaves.keys());
  for (let level = 1, width = 2; changed.size > 0; level++, width *= 2) {
    const parents = new Set<number>();
    for (const child of changed) {
      const parent = Math.floor(child / 2);
      if ((parent + 1) * width <= size) parents.add(parent);
    }
    for (const parent of parents) {
      nodes.putNode(level, parent, nodeHash(nodes.node(level - 1, 2 * parent), nodes.node(level - 1, 2 * parent + 1)));
      yield;
    }
    changed = parents;
  }
}

/** Does at once what others do in slices. */
export const finish = (work: Generator<void, void, void>): void => {
  while (work.next().done !== true);
};

/** Root of `size` leaves from `start` on, which is a multiple of every power of two up to `size`. */
export const rootOfRange = (nodes: NodeStore, start: number, size: number): string => {
  const peaks: string[] = [];
  let from = start;
  let rest = size;
  while (rest > 0) {
    const level = Math.floor(Math.log2(rest));
    const width = 2 ** level;
    peaks.push(nodes.node(level, from / width));
    from += width;
    rest -= width;
  }
  return rootOf(peaks);
};

/** Leaves that follow each other. */
interface LeafRange {
  readonly start: number;
  readonly size: number;
}

/** The parts of a tree of `size` leaves that are beside the way of a leaf to the root, from the leaf on. */
const rangesBeside = (index: number, size: number): readonly LeafRange[] => {
  const ranges: LeafRange[] = [];
  let start = 0;
  let rest = size;
  while (rest > 1) {
    const left = 2 ** Math.ceil(Math.log2(rest) - 1);
    if (index < start + left) {
      ranges.push({ start: start + left, size: rest - left });
      rest = left;
    } else {
      ranges.push({ start, size: left });
      start += left;
      rest -= left;
    }
  }
  return ranges.reverse();
};

/** What {@link rootFromPath} needs to get from a leaf to the root of a tree of `size` leaves: the hashes beside its way up. */
export const inclusionPath = (nodes: NodeStore, index: number, size: number): readonly string[] =>
  rangesBeside(index, size).map((range) => rootOfRange(nodes, range.start, range.size));

/** Makes an {@link inclusionPath} from leaves that come one after the other, of which it keeps none. */
export class InclusionPath {
  private readonly parts: readonly (LeafRange & { readonly peaks: string[] })[];
  private count = 0;

  constructor(index: number, size: number) {
    this.parts = rangesBeside(index, size).map((range) => ({ ...range, peaks: [] }));
  }

  /** Adds the next leaf. */
  add(leaf: string): void {
    const number = this.count++;
    const part = this.parts.find(({ start, size }) => number >= start && number < start + size);
    if (part !== undefined) pushLeaf(part.peaks, number - part.start, leaf);
  }

  /** When all leaves were added. */
  get hashes(): readonly string[] {
    return this.parts.map(({ peaks }) => rootOf(peaks));
  }
}

/** The root that a leaf and its path lead to; undefined when the path is not one of a tree of `size` leaves. */
export const rootFromPath = (
  leaf: string,
  index: number,
  size: number,
  path: readonly string[],
): string | undefined => {
  if (index < 0 || index >= size) return undefined;
  let node = leaf;
  let own = index;
  let last = size - 1;
  for (const sibling of path) {
    if (last === 0) return undefined;
    if (own % 2 === 1 || own === last) {
      node = nodeHash(sibling, node);
      // Where the tree has no right sibling, a node goes up as it is.
      while (own % 2 === 0 && own !== 0) {
        own /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      node = nodeHash(node, sibling);
    }
    own = Math.floor(own / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? node : undefined;
};
